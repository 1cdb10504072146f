"""A bundle searches without the project's data as the run that it was made of."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors import safe_open
from safetensors.numpy import load_file, save

from pipeline.config.load import parse
from pipeline.core.errors import BadInput
from pipeline.explore.search.bundle import export, read_bundle
from pipeline.explore.search.search import Request, search
from pipeline.features.doc2vec import Doc2VecFeatures
from pipeline.runs.finished_cell import MODEL
from tests.support.trained_cell import CPU, PAIRED, RUN, SOLID, loaded, params

OUT = Path("made/bundle")
FILES = ["README.md", "classes.json", "extractors.json", "extractors.safetensors", MODEL]


@pytest.fixture
def cell(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return loaded(tmp_path)


def write(cell, views=PAIRED):
    export(parse(params(views)), cell, RUN / MODEL, "# A card\n", OUT)


def gallery(cell):
    """The test samples of the first view as files."""
    folder = Path("gallery")
    folder.mkdir()
    for row in np.flatnonzero(cell.raw.split == "test"):
        Image.fromarray(cell.raw.views["image"].samples[row]).save(folder / f"id{row}.png")
    return folder


def ranking(cell, query, place):
    request = Request(query, None, place, "image", 9, False)
    return search(cell, request, lambda text: None, lambda done, total: None).hits


def test_run_and_bundle_give_the_same_ranking(cell):
    place = gallery(cell)
    expected = ranking(cell, "cat bark soft", place)
    write(cell)
    assert sorted(file.name for file in OUT.iterdir()) == sorted(FILES)
    shutil.rmtree("data")
    assert ranking(read_bundle(OUT, CPU), "cat bark soft", place) == expected


def test_a_bundle_of_clouds_does_so_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cell = loaded(tmp_path, SOLID)
    place = gallery(cell)
    np.save("query.npy", cell.raw.views["cloud"].samples[40])
    expected = ranking(cell, "query.npy", place)
    write(cell, SOLID)
    assert ranking(read_bundle(OUT, CPU), "query.npy", place) == expected


def test_classes_and_card_are_inside(cell):
    write(cell)
    assert json.loads((OUT / "classes.json").read_text(encoding="utf-8")) == ["cat", "dog", "fish"]
    assert (OUT / "README.md").read_text(encoding="utf-8") == "# A card\n"
    assert read_bundle(OUT, CPU).class_names == ["cat", "dog", "fish"]


def test_a_place_that_is_taken_is_refused_and_left_alone(cell):
    OUT.mkdir(parents=True)
    with pytest.raises(BadInput, match="it is there already; name a new folder or remove this one"):
        write(cell)
    assert not list(OUT.iterdir())


def test_an_extractor_that_cannot_be_rebuilt_exactly_is_refused_and_nothing_is_left(cell, monkeypatch):
    restore = Doc2VecFeatures.restore

    def nearly(extractor, stored):
        restore(extractor, stored)
        extractor.model_.syn1neg = stored.arrays["syn1neg"] + np.float32(1e-3)
        return extractor

    monkeypatch.setattr(Doc2VecFeatures, "restore", nearly)
    with pytest.raises(BadInput, match="the extractor of view 'text' cannot be rebuilt exactly"):
        write(cell)
    assert not list(OUT.parent.iterdir())


@pytest.mark.parametrize("name", FILES[1:])
def test_a_bundle_that_is_not_whole_is_refused(cell, name):
    write(cell)
    (OUT / name).write_bytes(b"{}")
    if name == "classes.json":
        (OUT / name).unlink()
    elif name == "extractors.json":
        (OUT / name).write_text('{"image": {"kind": "image"}}', encoding="utf-8")
    with pytest.raises(BadInput, match=r"this is no whole bundle|it holds no trained method"):
        read_bundle(OUT, CPU)


def test_a_part_of_an_extractor_that_is_missing_is_named(cell):
    write(cell)
    arrays = load_file(OUT / "extractors.safetensors")
    del arrays["text/cum_table"]
    (OUT / "extractors.safetensors").write_bytes(save(arrays))
    with pytest.raises(BadInput, match="extractor 'Doc2Vec': its part 'cum_table' is missing or damaged"):
        read_bundle(OUT, CPU).extractor("text")


@pytest.mark.parametrize(
    ("view", "changed"),
    [
        ("image", {"kind": "sound"}),
        ("image", {"shape": []}),
        ("image", {"shape": [8, "8"]}),
        ("image", {"kind": "cloud", "shape": [8, 3]}),
        ("text", {"shape": [8]}),
        ("text", {"settings": {"dimension": 6}}),
        ("text", {"settings": {"dimension": 7, "epochs": 10}}),
        ("text", {"extractor": "word2vec"}),
        ("text", {"words": 3}),
        ("text", {"numbers": {"seed": "first", "negative": 5, "sample": 0.001}}),
        ("text", {"numbers": []}),
    ],
    ids=str,
)
def test_a_damaged_description_is_refused_in_a_sentence(cell, view, changed):
    write(cell)
    described = json.loads((OUT / "extractors.json").read_text(encoding="utf-8"))
    described[view] |= changed
    (OUT / "extractors.json").write_text(json.dumps(described), encoding="utf-8")
    with pytest.raises(BadInput, match=r"made/bundle|extractor 'Doc2Vec'"):
        read_bundle(OUT, CPU).extractor(view)


def test_a_model_of_another_shape_is_refused(cell):
    write(cell)
    with safe_open(OUT / MODEL, "np") as stored:
        about, arrays = stored.metadata(), {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
    arrays["projections.text"] = arrays["projections.text"][:1]
    (OUT / MODEL).write_bytes(save(arrays, about))
    with pytest.raises(BadInput, match="it holds no trained method"):
        read_bundle(OUT, CPU)


def test_a_folder_that_is_no_bundle_is_refused(tmp_path):
    with pytest.raises(BadInput, match="this is no whole bundle"):
        read_bundle(tmp_path / "nowhere", CPU)


def test_a_bundle_has_no_test_split(cell):
    write(cell)
    with pytest.raises(BadInput, match="the bundle: it holds no samples to search; name a gallery with --gallery"):
        ranking(read_bundle(OUT, CPU), "cat", None)
