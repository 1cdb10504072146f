"""Models in folders of the user's, made here with random weights: what is read, how it is pooled, what is refused."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from pipeline.core.errors import BadInput, MissingFiles
from pipeline.core.progress import quiet
from pipeline.features.base import optional
from pipeline.features.transformers import Transformers
from tests.support import tiny_models
from tests.support.stored_state import through_files

CPU = torch.device("cpu")
TEXTS = ["red apple", "green pear dog cat", "猫", "red", "dog 狗 apple red green pear cat dog dog dog dog dog dog dog"]
KINDS = ["bert", "clip", "siglip", "dinov2"]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return {kind: tiny_models.write(tmp_path_factory.mktemp(kind), kind) for kind in KINDS}


@pytest.fixture
def copy(folders, tmp_path):
    """A folder of its own, to be spoilt."""
    return lambda kind: shutil.copytree(folders[kind], tmp_path / "copy")


def pictures(count=5):
    return np.random.default_rng(0).integers(0, 256, (count, 20, 30, 3)).astype(np.uint8)


def encoded(folder, samples, **settings):
    return Transformers(folder, batch_size=2, **settings).encode(samples, CPU, quiet)


def tokens(folder, text):
    vocabulary = (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")
    return torch.tensor([[2, *(vocabulary.index(word) for word in text.split()), 3]])


def unit(vector):
    return torch.nn.functional.normalize(vector.detach(), dim=-1).numpy()


@pytest.mark.parametrize("kind", ["bert", "clip", "siglip"])
def test_a_text_alone_gives_its_row(folders, kind):
    rows = encoded(folders[kind], TEXTS)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-5)
    for text, row in zip(TEXTS, rows, strict=True):
        np.testing.assert_allclose(encoded(folders[kind], [text])[0], row, atol=1e-5)


@pytest.mark.parametrize("kind", ["clip", "siglip", "dinov2"])
def test_grey_pictures_are_coloured_ones_with_equal_channels(folders, kind):
    grey = pictures()[..., 0]
    rows = encoded(folders[kind], grey)
    np.testing.assert_allclose(rows, encoded(folders[kind], np.repeat(grey[..., None], 3, axis=3)), atol=1e-6)
    assert np.ptp(rows, axis=0).max() > 1e-3


def test_texts_are_the_mean_over_tokens_or_the_first_one_where_the_folder_says_so(folders, copy):
    import transformers

    model = transformers.BertModel.from_pretrained(folders["bert"]).eval()
    states = model(tokens(folders["bert"], "red apple")).last_hidden_state[0]
    np.testing.assert_allclose(encoded(folders["bert"], ["red apple"])[0], unit(states.mean(dim=0)), atol=1e-5)
    first = copy("bert")
    (first / "1_Pooling").mkdir()
    (first / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_cls_token": True}))
    np.testing.assert_allclose(encoded(first, ["red apple"])[0], unit(states[0]), atol=1e-5)


def test_pictures_are_the_class_token_of_the_scaled_picture(folders):
    import transformers

    shown = np.full((1, 16, 16, 3), 255, dtype=np.uint8)
    model = transformers.Dinov2Model.from_pretrained(folders["dinov2"]).eval()
    states = model(torch.ones(1, 3, 16, 16)).last_hidden_state  # (255 / 255 - .5) / .5
    np.testing.assert_allclose(encoded(folders["dinov2"], shown)[0], unit(states[0, 0]), atol=1e-5)


def test_clip_gives_its_projections(folders):
    import transformers

    model = transformers.CLIPModel.from_pretrained(folders["clip"]).eval()
    projected = model.get_text_features(tokens(folders["clip"], "red apple")).pooler_output
    np.testing.assert_allclose(encoded(folders["clip"], ["red apple"])[0], unit(projected[0]), atol=1e-5)
    assert encoded(folders["clip"], pictures()).shape == (5, 6)


def test_the_prefix_stands_before_every_text(folders):
    plain = encoded(folders["bert"], ["query : red", "query : dog"])
    np.testing.assert_allclose(encoded(folders["bert"], ["red", "dog"], prefix="query: "), plain, atol=1e-6)


def test_features_are_standardised_and_rebuilt_from_the_state(folders):
    extractor = Transformers(folders["clip"], 2).fit(TEXTS, 0)
    rows = extractor.transform(TEXTS, CPU, quiet)
    np.testing.assert_allclose(rows.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(rows.std(axis=0), 1, rtol=1e-3)
    again = Transformers(folders["clip"], 2).restore(through_files(extractor.state()))
    assert np.array_equal(again.transform(TEXTS, CPU, quiet), rows)


def test_other_weights_or_settings_are_not_those_of_the_state(folders, copy):
    stored = Transformers(folders["bert"], 2).fit(TEXTS, 0).state()
    folder = copy("bert")
    Transformers(folder, 2).restore(stored)
    vocabulary = (folder / "vocab.txt").read_text(encoding="utf-8")
    (folder / "vocab.txt").write_text(vocabulary + "\nmore", encoding="utf-8")
    with pytest.raises(BadInput, match="its weights are not those of the bundle"):
        Transformers(folder, 2).restore(stored)


def without(folder, *patterns):
    for pattern in patterns:
        for file in folder.glob(pattern):
            file.unlink()
    return folder


def lacking(folder, name):
    file = folder / "model.safetensors"
    save_file({key: value for key, value in load_file(file).items() if name not in key}, file, {"format": "pt"})
    return folder


def of_kind(folder, kind):
    (folder / "config.json").write_text(json.dumps({"model_type": kind, "auto_map": {"AutoModel": "own.Model"}}))
    return folder


@pytest.mark.parametrize(
    ("kind", "spoil", "samples", "sentence"),
    [
        ("bert", lambda folder: without(folder, "*"), TEXTS, "there is no model: config.json is missing; save model"),
        ("bert", lambda folder: without(folder, "*.safetensors"), TEXTS, "there is no .safetensors file, and pickled"),
        ("bert", lambda folder: without(folder, "*.txt", "tok*"), TEXTS, "there is no tokenizer"),
        ("clip", lambda folder: without(folder, "pre*"), pictures(), "there is no image processor"),
        (
            "bert",
            lambda folder: lacking(folder, "layer.1.output"),
            TEXTS,
            "tensors of the model are not in the file, the first",
        ),
        ("bert", lambda folder: of_kind(folder, "nonesuch"), TEXTS, "knows no models of kind 'nonesuch'"),
        ("bert", lambda folder: (folder / "config.json").write_text("{") and folder, TEXTS, "it is not JSON; copy the"),
        (
            "bert",
            lambda folder: (folder / "model.safetensors").write_bytes(b"x") and folder,
            TEXTS,
            "transformers cannot read the model",
        ),
        ("bert", lambda folder: folder, pictures(), "there is no image processor"),
        ("dinov2", lambda folder: folder, TEXTS, "there is no tokenizer"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(copy, kind, spoil, samples, sentence):
    spoilt = copy(kind)
    spoil(spoilt)
    with pytest.raises(BadInput, match=sentence) as raised:
        encoded(spoilt, samples)
    assert str(spoilt) in str(raised.value)


def test_a_model_of_texts_reads_no_pictures_and_the_other_way_round(folders, copy):
    text = copy("bert")
    shutil.copy(folders["clip"] / "preprocessor_config.json", text)
    with pytest.raises(BadInput, match="a model of kind 'bert' reads no pictures; choose another"):
        encoded(text, pictures())
    image = shutil.copytree(folders["dinov2"], text.parent / "image")
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt"):
        shutil.copy(folders["bert"] / name, image)
    with pytest.raises(BadInput, match="a model of kind 'dinov2' reads no texts; choose another"):
        encoded(image, TEXTS)


def test_another_pooling_is_refused(copy):
    folder = copy("bert")
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_lasttoken": True}))
    with pytest.raises(BadInput, match="it asks for pooling_mode_lasttoken; choose a model that takes the mean or"):
        encoded(folder, TEXTS)


def test_a_missing_layer_that_is_not_read_does_not_matter(folders, copy):
    np.testing.assert_array_equal(encoded(lacking(copy("bert"), "pooler"), TEXTS), encoded(folders["bert"], TEXTS))


def test_the_missing_package_is_one_sentence(folders, monkeypatch):
    monkeypatch.setattr(optional, "find_spec", lambda module: None)
    expected = r"package 'transformers': it is not installed; run `pip install '.\[transformers\]'`."
    with pytest.raises(MissingFiles, match=expected):
        encoded(folders["bert"], TEXTS)


def test_nothing_asks_the_network(folders):
    """In a process in which every connection is an error."""
    script = (
        "import socket, sys, torch, pathlib\n"
        "def refuse(*arguments): sys.exit('network')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "from pipeline.features.transformers import Transformers\n"
        f"extractor = Transformers(pathlib.Path({str(folders['clip'])!r}), 2)\n"
        "extractor.encode(['red'], torch.device('cpu'), lambda done, total: None)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
