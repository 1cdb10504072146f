"""Search ranks by cosine similarity and says what a person should know."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.core.cells import CellKey
from pipeline.core.errors import BadInput
from pipeline.explore.search import search as module
from pipeline.explore.search.search import Request, by_faiss, exact, search, table, write_sheet
from tests.support.trained_cell import RUN, loaded

REQUEST = Request("cat purr milk", None, None, None, 4, False)


@pytest.fixture
def cell(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return loaded(tmp_path)


def searched(cell, notes=None, **changes):
    note = (lambda text: None) if notes is None else notes.append
    return search(cell, replace(REQUEST, **changes), note, lambda done, total: None)


def test_ranking_is_that_of_a_slow_one():
    rng = np.random.default_rng(0)
    gallery, query = rng.standard_normal((30, 5)), rng.standard_normal(5)
    slow = [float(row @ query / (row @ row) ** 0.5 / (query @ query) ** 0.5) for row in gallery]
    rows, similarities = exact(query, gallery, 7)
    assert rows.tolist() == sorted(range(30), key=lambda row: -slow[row])[:7]
    np.testing.assert_allclose(similarities, sorted(slow, reverse=True)[:7])


def test_ties_keep_their_order_and_a_zero_row_is_like_nothing():
    gallery = np.array([[0, 0], [1, 0], [2, 0], [-1, 0]], dtype=np.float32)
    rows, similarities = exact(np.array([3, 0], dtype=np.float32), gallery, 9)
    assert rows.tolist() == [1, 2, 0, 3]
    assert similarities.tolist() == [1, 1, 0, -1]


@pytest.mark.parametrize(("dtype", "scale"), [("f2", 300), ("f4", 1e30), ("f8", 1)])
def test_numbers_of_any_precision_are_ranked_alike(dtype, scale):
    rng = np.random.default_rng(0)
    gallery, query = rng.standard_normal((50, 64)).astype("f2"), rng.standard_normal(64).astype("f4")
    expected, similarities = exact(query, gallery, 50)
    rows, again = exact(query, gallery.astype(dtype) * np.dtype(dtype).type(scale), 50)
    assert similarities[0] > similarities[-1]
    np.testing.assert_allclose(again, similarities, atol=1e-3)
    np.testing.assert_array_equal(rows[:5], expected[:5])


def test_a_gallery_of_several_blocks_is_ranked_as_one(monkeypatch):
    rng = np.random.default_rng(0)
    gallery, query = rng.standard_normal((30, 5)), rng.standard_normal(5)
    expected = exact(query, gallery, 30)[0]
    monkeypatch.setattr(module, "BLOCK", 7)
    np.testing.assert_array_equal(exact(query, gallery, 30)[0], expected)


def test_the_sheet_does_not_call_wrong_pairs_label_noise(cell):
    moved = replace(cell, key=CellKey("emoji", "mcca", "default", "mismatched", 0.4, 0))
    write_sheet(Path("found.html"), moved, searched(cell))
    assert "with mismatched pairs at rate 0.4" in Path("found.html").read_text(encoding="utf-8")


def test_names_that_are_no_utf8_can_be_shown(cell):
    folder = Path("pictures")
    folder.mkdir()
    name = b"caf\xe9.png".decode("utf-8", "surrogateescape")
    Image.fromarray(cell.raw.views["image"].samples[0]).save(folder / name)
    result = searched(cell, gallery=folder)
    assert table(result.hits).splitlines()[1].endswith(r"pictures/caf\udce9.png")
    write_sheet(Path("found.html"), cell, result)
    text = Path("found.html").read_text(encoding="utf-8")
    assert r"pictures/caf\udce9.png" in text
    assert "<img" in text


def test_words_find_pictures_of_the_test_split(cell):
    test = np.load(RUN / "best_validation.npz")
    result = searched(cell, query=cell.raw.views["text"].samples[33], k=12)
    wanted = test["text"][0]
    slow = test["image"] @ wanted / np.linalg.norm(test["image"], axis=1) / np.linalg.norm(wanted)
    assert [hit.row for hit in result.hits] == np.argsort(-slow, kind="stable").tolist()
    assert [hit.rank for hit in result.hits] == list(range(1, 13))
    assert result.hits[0].name == f"id{33 + slow.argmax()}"
    assert result.hits[0].class_name == ["cat", "dog", "fish"][slow.argmax() % 3]


def test_more_than_there_is_and_unknown_words_are_said(cell):
    notes = []
    assert len(searched(cell, notes, query="cat zebra", k=99).hits) == 12
    assert notes == [
        "Not known from the training texts, so that they count for nothing: zebra.",
        "99 samples are wanted and the gallery has 12: all are shown.",
    ]
    searched(cell, notes, query="zebra")
    assert notes[-1].startswith("None of the words occurs often enough")


def test_embeddings_of_another_width_are_refused(cell):
    np.savez("own.npz", embeddings=np.eye(5))
    with pytest.raises(BadInput, match=r"own.npz: its rows have 5 numbers, the method gives 2"):
        searched(cell, gallery=Path("own.npz"))


def test_faiss_ranks_like_numpy() -> None:
    pytest.importorskip("faiss", reason="faiss is not installed: pip install '.[search]'")
    gallery = np.random.default_rng(0).standard_normal((500, 16)).astype(np.float32)
    query = np.random.default_rng(1).standard_normal(16).astype(np.float32)
    rows, similarities = by_faiss(query, gallery, 10, True, print)
    np.testing.assert_array_equal(rows, exact(query, gallery, 10)[0])
    np.testing.assert_allclose(similarities, exact(query, gallery, 10)[1], atol=1e-6)


def test_faiss_is_asked_for_in_one_sentence_where_it_is_missing(cell, monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(BadInput, match=r"faiss: it is not installed; install it with `pip install '.\[search\]'`"):
        searched(cell, faiss=True)
    monkeypatch.setattr(module, "LARGE", 11)
    notes = []
    assert searched(cell, notes).hits == searched(cell, faiss=False).hits
    assert notes == [
        "Ranked with numpy: from 11 samples on faiss does it where it is there; install it with "
        + ("`pip install '.[search]'`.")
    ]


def test_faiss_ranks_as_numpy_does():
    pytest.importorskip("faiss", reason="faiss is an extra: pip install '.[search]'")
    rng = np.random.default_rng(0)
    gallery, query = rng.standard_normal((500, 16)), rng.standard_normal(16)
    notes = []
    rows, similarities = by_faiss(query, gallery, 20, True, notes.append)
    expected = exact(query, gallery, 20)
    np.testing.assert_array_equal(rows, expected[0])
    np.testing.assert_allclose(similarities, expected[1], atol=1e-6)
    assert "IndexFlatIP" in notes[0]


def test_the_table_has_a_line_per_hit(cell):
    lines = table(searched(cell).hits).splitlines()
    assert lines[0].split() == ["rank", "similarity", "name", "class"]
    assert [line.split()[0] for line in lines[1:]] == ["1", "2", "3", "4"]


def test_the_sheet_shows_query_and_hits_and_needs_no_network(cell):
    result = searched(cell, query="cat <b>milk</b>")
    file = Path("sheets/found.html")
    write_sheet(file, cell, result)
    text = file.read_text(encoding="utf-8")
    assert text.count('src="data:image/webp;base64,') == 4
    assert "cat &lt;b&gt;milk" in text
    assert "<b>milk" not in text
    assert "http" not in text.replace('http-equiv="Content-Security-Policy"', "")
    assert [text.index(hit.name) for hit in result.hits] == sorted(text.index(hit.name) for hit in result.hits)
    assert "trained on emoji" in text
    assert "without labels" in text
