"""A gallery comes from the test split, a folder of files, or stored embeddings."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.core.errors import BadInput
from pipeline.explore.search import galleries
from pipeline.explore.search.galleries import open_gallery
from pipeline.explore.search.gallery import drawn_file
from pipeline.explore.search.stored_gallery import check, save
from pipeline.explore.search.user_input import Form
from tests.support.trained_cell import RUN, loaded


def opened(cell, place=None, asked_in="text", into=None, notes=None):
    note = (lambda text: None) if notes is None else notes.append
    return open_gallery(place, cell, asked_in, into, note, lambda done, total: None)


@pytest.fixture
def cell(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return loaded(tmp_path)


@pytest.fixture
def pictures(cell):
    """The test pictures as files, one broken among them."""
    folder = Path("pictures")
    folder.mkdir()
    for row in np.flatnonzero(cell.raw.split == "test"):
        Image.fromarray(cell.raw.views["image"].samples[row]).save(folder / f"id{row}.png")
    (folder / "id39.png").write_bytes(b"no picture")
    return folder


def test_the_test_split_is_embedded_as_training_did(cell):
    gallery = opened(cell)
    np.testing.assert_array_equal(gallery.embeddings, np.load(RUN / "best_validation.npz")["image"])
    assert gallery.names == [f"id{row}" for row in range(33, 45)]
    assert gallery.classes == ["cat", "dog", "fish"] * 4
    assert "image" in gallery.title
    assert 'alt="picture 34"' in gallery.draw(1)


def test_the_view_of_the_gallery_is_another_one_than_the_querys_unless_it_is_named(cell):
    assert "'text'" in opened(cell, asked_in="image").title
    assert "'text'" in opened(cell, asked_in="text", into="text").title


def test_files_are_embedded_in_blocks_and_broken_ones_are_left_out(cell, pictures, monkeypatch):
    monkeypatch.setattr(galleries, "BLOCK", 5)
    notes = []
    gallery = opened(cell, pictures, notes=notes)
    assert notes == ["pictures/id39.png: this is no whole picture; it is left out."]
    kept = [row for row in range(12) if row != 6]
    np.testing.assert_allclose(gallery.embeddings, np.load(RUN / "best_validation.npz")["image"][kept], atol=1e-12)
    assert gallery.names == [f"pictures/id{33 + row}.png" for row in kept]
    assert "<img" in gallery.draw(0)


def test_files_of_the_querys_own_view_are_taken_where_there_are_no_others(cell, pictures):
    assert len(opened(cell, pictures, asked_in="image").names) == 11
    (pictures / "cat.txt").write_text("cat milk")
    assert opened(cell, pictures, asked_in="image").names == ["pictures/cat.txt"]


def test_stored_embeddings_are_the_gallery_again(cell, pictures):
    gallery = opened(cell, pictures)
    save(gallery, cell, Path("kept/gallery.npz"))
    again = opened(cell, Path("kept/gallery.npz"))
    np.testing.assert_array_equal(again.embeddings, gallery.embeddings)
    assert list(again.names) == list(gallery.names)
    assert again.draw(0) == gallery.draw(0)
    (pictures / "id33.png").write_bytes(b"no picture")
    assert again.draw(0) == ""
    (pictures / "id33.png").unlink()
    assert again.draw(0) == ""


def test_a_file_is_drawn_as_the_first_form_that_reads_it(cell):
    np.save("row.npy", np.zeros(4, dtype="f4"))
    forms = [Form("features", (9,)), Form("features", (4,))]
    assert "features of 4 numbers" in drawn_file("row.npy", forms)
    assert drawn_file("row.npy", forms[:1]) == ""


def test_stored_embeddings_have_no_view_to_choose(cell):
    np.savez("own.npz", embeddings=np.eye(2))
    with pytest.raises(BadInput, match="--into: stored embeddings have no view to choose; leave it out"):
        opened(cell, Path("own.npz"), into="image")


def test_embeddings_of_ones_own_need_no_names(cell):
    np.savez("own.npz", embeddings=np.eye(2))
    assert opened(cell, Path("own.npz")).names == ["row 0", "row 1"]


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"rows": np.eye(2)}, "it holds no finite numbers, n x m, named `embeddings`"),
        ({"embeddings": np.zeros((0, 2))}, "it holds no finite numbers"),
        ({"embeddings": np.full((2, 2), np.inf)}, "it holds no finite numbers"),
        ({"embeddings": np.eye(2), "names": np.array(["a"])}, "`names` are not 2 texts"),
        ({"embeddings": np.eye(2), "model": np.array("0f")}, "another model made these embeddings"),
        ({"embeddings": np.array([{}])}, "this is no gallery"),
    ],
)
def test_arrays_that_are_no_gallery_are_refused(cell, arrays, sentence):
    np.savez("own.npz", **arrays)
    with pytest.raises(BadInput, match=sentence):
        opened(cell, Path("own.npz"))


def test_places_that_are_no_gallery_are_refused(cell):
    with pytest.raises(BadInput, match="there is no such folder or file"):
        opened(cell, Path("nowhere"))
    Path("empty").mkdir()
    with pytest.raises(BadInput, match="no view takes the files in empty"):
        opened(cell, Path("empty"))
    Path("empty/broken.png").write_bytes(b"")
    with pytest.raises(BadInput, match="empty: none of its 1 files can be read"):
        opened(cell, Path("empty"))
    Path("file.npz").write_text("text")
    with pytest.raises(BadInput, match="this is no gallery"):
        opened(cell, Path("file.npz"))


def test_a_gallery_is_stored_where_it_can_be(cell):
    gallery = opened(cell)
    with pytest.raises(BadInput, match=r"does not end in \.npz"):
        save(gallery, cell, Path("gallery"))
    Path("taken").write_text("")
    with pytest.raises(BadInput, match="cannot be written"):
        save(gallery, cell, Path("taken/gallery.npz"))
    Path("folder.npz").mkdir()
    with pytest.raises(BadInput, match="cannot be written"):
        check(Path("folder.npz"))
