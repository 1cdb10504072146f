"""Wikipedia, written here: MRL's file of features with few columns, and Rasiwasia et al.'s raw files in small."""

from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
import yaml
from click.testing import CliRunner
from PIL import Image

from pipeline.core.errors import BadInput, MissingFiles
from pipeline.data import wikipedia
from pipeline.data.base.pictures import read_square
from pipeline.data.wikipedia import FEATURES, Wikipedia
from pipeline.features.base.imagenet import STD, prepare
from stages.fetch import main as fetch
from tests.support import tiny

NAMES = ["art", "biology", "geography", "history", "literature", "media", "music", "royalty", "sport", "warfare"]
SMALL = {"train": 20, "valid": 10, "test": 10}
LISTED = {"trainset_txt_img_cat.list": 20, "testset_txt_img_cat.list": 20}
XML = '<?xml version="1.0" ?>\n<documents>\n<document name="A & B">\n<text>\n{}\n</text>\n<imageset><image id="x">'


def load(folder, form, progress=lambda done, total: None):
    return Wikipedia(folder, form).load(progress)


def picture(height, width, seed=0):
    """Smooth and noisy parts, so that resizing and compression matter."""
    draw = np.random.default_rng(seed)
    ramp = np.add.outer(np.linspace(0, 120, height), np.linspace(0, 100, width))[..., None]
    return (ramp + draw.integers(0, 36, (height, width, 3))).astype(np.uint8)


@pytest.fixture
def ready(tmp_path):
    with h5py.File(tmp_path / FEATURES, "w") as content:
        for split, count in (("train", 2173), ("test", 693)):
            labels = np.arange(count) % 10
            content[f"{split}_imgs_deep"] = np.arange(count, dtype=np.float32)[:, None] * [[1, 2]]
            content[f"{split}_text"] = np.arange(count, dtype=np.float32)[:, None] * [[3]]
            content[f"{split}_imgs_labels"] = labels
            content[f"{split}_texts_labels"] = labels
    return tmp_path


@pytest.fixture
def raw_files(tmp_path, monkeypatch):
    monkeypatch.setattr(wikipedia, "SIZES", SMALL)
    (tmp_path / "categories.list").write_text("\n".join(NAMES) + "\n")
    (tmp_path / "texts").mkdir()
    for list_name, count in LISTED.items():
        lines = []
        for row in range(count):
            text, image, label = f"{list_name[:2]}{row:030d}-2.1", f"{list_name[:2]}{row:030d}", row * 3 % 10
            lines.append(f"{text}\t{image}\t{label + 1}")
            words = f"Section {row} of\n{NAMES[label]} &amp; caf\u00e9"
            (tmp_path / "texts" / f"{text}.xml").write_text(XML.format(words), encoding="utf-8")
            (tmp_path / "images" / NAMES[label]).mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture(20 + row, 30, row)).save(tmp_path / "images" / NAMES[label] / f"{image}.jpg")
        (tmp_path / list_name).write_text("\n".join(lines) + "\n")
    return tmp_path


def test_ready_features_in_the_split_of_mrl(ready):
    seen = []
    raw = load(ready, "ready", lambda done, total: seen.append((done, total)))
    assert seen[-1] == (2866, 2866)
    assert raw.split.tolist() == ["train"] * 2173 + ["valid"] * 231 + ["test"] * 462
    positions = np.concatenate([np.arange(2173), np.arange(693)])
    assert np.array_equal(raw.labels, positions % 10)
    assert np.array_equal(raw.views["image"].samples, positions[:, None] * np.float32([[1, 2]]))
    assert np.array_equal(raw.views["text"].samples, positions[:, None] * np.float32([[3]]))
    assert Wikipedia.display == "Wikipedia"


def test_raw_pictures_texts_and_classes_in_the_lists_order(raw_files):
    seen = []
    raw = load(raw_files, "raw", lambda done, total: seen.append((done, total)))
    assert seen[-1] == (40, 40)
    assert raw.split.tolist() == ["train"] * 20 + ["valid"] * 10 + ["test"] * 10
    assert raw.labels.tolist() == [row * 3 % 10 for _ in range(2) for row in range(20)]
    assert raw.class_names == NAMES
    assert raw.ids[20] == f"te{0:030d}-2.1"
    assert (raw.views["text"].kind, raw.views["image"].kind) == ("text", "image")
    assert raw.views["text"].samples[21] == "Section 1 of history & caf\u00e9"
    pictures = raw.views["image"].samples
    assert (pictures.dtype, pictures.shape) == (np.uint8, (40, 256, 256, 3))
    assert np.array_equal(pictures[21], read_square(raw_files / "images" / "history" / f"te{1:030d}.jpg"))


@pytest.mark.parametrize(("height", "width"), [(256, 256), (301, 256), (303, 400), (100, 333), (700, 512), (97, 61)])
def test_what_is_cut_of_a_square_is_what_is_cut_of_the_whole_picture(tmp_path, height, width):
    whole = picture(height, width)
    Image.fromarray(whole).save(tmp_path / "whole.png")
    square = read_square(tmp_path / "whole.png")
    cpu = torch.device("cpu")
    difference = (prepare(square[None], cpu) - prepare(whole[None], cpu)).abs() * torch.tensor(STD)[:, None, None]
    assert float(difference.max()) <= 0.5001 / 255


@pytest.mark.parametrize(("height", "width"), [(256, 256), (303, 401), (97, 61)])
def test_a_square_is_the_rounded_centre_of_the_resized_picture(tmp_path, height, width):
    whole = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    Image.fromarray(whole).save(tmp_path / "whole.png")
    size = [256 * side // min(height, width) for side in (height, width)]
    pixels = torch.from_numpy(whole).permute(2, 0, 1)[None].float()
    resized = torch.nn.functional.interpolate(pixels, size, mode="bilinear", antialias=True, align_corners=False)
    top, left = (round((side - 256) / 2) for side in size)
    expected = resized[0, :, top : top + 256, left : left + 256].round().clamp(0, 255).byte().permute(1, 2, 0)
    assert np.array_equal(read_square(tmp_path / "whole.png"), expected.numpy())


@pytest.mark.parametrize("mode", ["L", "CMYK", "P"])
def test_other_colours_become_rgb(tmp_path, mode):
    file = tmp_path / ("a.png" if mode == "P" else "a.jpg")
    Image.fromarray(picture(50, 60)).convert(mode).save(file)
    square = read_square(file)
    assert square.shape == (256, 256, 3)
    assert square.std() > 0


@pytest.mark.parametrize("content", [b"", b"no picture" * 20, "half"])
def test_a_broken_picture_is_named(raw_files, content):
    file = next((raw_files / "images" / "art").iterdir())
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2] if content == "half" else content)
    with pytest.raises(BadInput, match=rf"{file.name}: this is no whole picture; copy"):
        load(raw_files, "raw")


@pytest.mark.parametrize("content", ["", "<text> \n </text>", "words without an element"])
def test_a_text_without_words_is_named(raw_files, content):
    file = sorted((raw_files / "texts").iterdir())[3]
    file.write_text(content)
    with pytest.raises(BadInput, match=rf"{file.name}: it holds no words between <text> and </text>"):
        load(raw_files, "raw")


def test_broken_lists_are_named(raw_files):
    (raw_files / "testset_txt_img_cat.list").write_text("a\tb\t3\n" * 19)
    with pytest.raises(BadInput, match=r"testset_txt_img_cat\.list: it has 19 lines, the split has 20 pairs"):
        load(raw_files, "raw")
    (raw_files / "categories.list").write_text("art\n")
    with pytest.raises(BadInput, match=r"categories\.list: it names 1 classes, not 10"):
        load(raw_files, "raw")


@pytest.mark.parametrize(
    "name",
    ["trainset_txt_img_cat.list", "categories.list", f"texts/te{1:030d}-2.1.xml", f"images/history/te{1:030d}.jpg"],
)
def test_a_missing_raw_file_is_named(raw_files, name):
    (raw_files / name).unlink()
    with pytest.raises(
        MissingFiles, match=rf"{name} is missing; put trainset_txt_img_cat\.list, .* texts/ and images/"
    ):
        load(raw_files, "raw")


def test_without_files_the_stage_says_what_to_put_where(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    block = {"load": {"folder": "files/wikipedia", "form": "ready"}}
    Path("params.yaml").write_text(yaml.safe_dump(tiny.with_dataset("wikipedia", block)))
    result = CliRunner().invoke(fetch, ["wikipedia"])
    assert result.exit_code == 2
    sentence = result.stderr.splitlines()[-1]
    assert sentence.startswith(
        f"Error: files/wikipedia: {FEATURES} is missing; put {FEATURES} of data/wiki in github.com"
    )
    block["load"]["form"] = "cooked"
    Path("params.yaml").write_text(yaml.safe_dump(tiny.with_dataset("wikipedia", block)))
    assert "'form' is 'cooked'" in CliRunner().invoke(fetch, ["wikipedia"]).stderr


def test_each_form_knows_its_files_and_no_other(ready, raw_files):
    known = {form: {file.relative_to(ready) for file in Wikipedia(ready, form).expected()} for form in ("ready", "raw")}
    assert known["ready"] == {Path(FEATURES)}
    assert known["raw"] == {file.relative_to(ready) for file in Wikipedia(ready, "raw").brought()} - known["ready"]
    assert len(known["raw"]) == 3 + 2 * 40
