"""Arrays from every kind of file, written by the formats' own libraries or byte by byte."""

import json

import h5py
import numpy as np
import pytest
from scipy.io import savemat
from scipy.sparse import csc_matrix, issparse

from pipeline.core.errors import BadInput, MissingFiles, UnknownName
from pipeline.data.base.array_files import read

NUMBERS = np.arange(12, dtype=np.float32).reshape(4, 3)
TEXTS = np.array(["cat", "dog", "Käse", "ox"])


def safetensors(**tensors):
    """The format's own layout; bfloat16 as the upper halves of float32."""
    names = {"float64": "F64", "float32": "F32", "int64": "I64", "uint16": "BF16", "bool": "BOOL"}
    header, body = {"__metadata__": {"format": "np"}}, b""
    for name, array in tensors.items():
        content = array.tobytes()
        offsets = [len(body), len(body) + len(content)]
        header[name] = {"dtype": names[str(array.dtype)], "shape": list(array.shape), "data_offsets": offsets}
        body += content
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("one.npy", NUMBERS)
    np.savez("two.npz", a=NUMBERS, b=TEXTS)
    np.savez("one.npz", a=NUMBERS)
    halves = (NUMBERS.view(np.uint32) >> 16).astype(np.uint16)
    with open("two.safetensors", "wb") as file:
        file.write(safetensors(a=NUMBERS, b=NUMBERS.astype(np.int64), half=halves, flags=NUMBERS > 1))
    cells = np.empty((4, 1), dtype=object)
    cells[:, 0] = TEXTS
    savemat("two.mat", {"a": NUMBERS, "b": cells, "s": {"x": 1.0}, "z": NUMBERS * 1j})
    savemat("one.mat", {"a": NUMBERS})
    with h5py.File("two.h5", "w") as file:
        file["group/a"] = NUMBERS
        file["b"] = TEXTS.astype(h5py.string_dtype())
        file["fixed"] = np.char.encode(TEXTS, "utf-8")
        file["one"] = 3
    with h5py.File("new.mat", "w", userblock_size=512) as file:
        file["a"] = NUMBERS.T
    with open("new.mat", "r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")
    return tmp_path


@pytest.mark.parametrize(
    "place",
    [
        "one.npy",
        "one.npy:array",
        "one.npz",
        "one.npz:a",
        "two.npz:a",
        "two.safetensors:a",
        "two.safetensors:b",
        "two.safetensors:half",
        "two.mat:a",
        "two.h5:group/a",
        "new.mat",
        "new.mat:a",
    ],
)
def test_numbers(folder, place):
    result = read(place)
    assert result.dtype.kind in "if"
    np.testing.assert_array_equal(result, NUMBERS)


@pytest.mark.parametrize("place", ["two.npz:b", "two.mat:b", "two.h5:b", "two.h5:fixed"])
def test_texts(folder, place):
    result = read(place)
    assert result.dtype.kind == "U"
    assert result.ravel().tolist() == TEXTS.tolist()


def test_a_name_with_a_colon(folder):
    np.save("a:b.npy", NUMBERS)
    np.testing.assert_array_equal(read("a:b.npy"), NUMBERS)
    np.testing.assert_array_equal(read("a:b.npy:array"), NUMBERS)


@pytest.mark.parametrize(
    ("place", "kind", "complaint"),
    [
        ("none.npz:a", MissingFiles, r"none\.npz: the file is missing; put it there or correct"),
        ("two.npz", BadInput, r"two\.npz: it holds the arrays a, b; name one as two\.npz:KEY"),
        ("two.npz:aa", UnknownName, r"two\.npz: unknown name 'aa'; did you mean 'a'\?"),
        ("two.h5:group", UnknownName, "unknown name 'group'; did you mean 'group/a'"),
        ("two.pkl:a", BadInput, r"two\.pkl: '\.pkl' is no kind of array file; give one of \.h5, "),
        ("two.mat:s", BadInput, "two.mat:s: this is no array of numbers or texts but "),
        ("two.mat:z", BadInput, "but complex"),
        ("two.h5:one", BadInput, "two.h5:one: this is no array"),
        ("two.safetensors:flags", BadInput, "two.safetensors:flags: this is no array of numbers or texts but bool"),
    ],
)
def test_unusable_places_are_explained(folder, place, kind, complaint):
    with pytest.raises(kind, match=complaint):
        read(place)


def test_pickled_objects_are_never_opened(folder):
    mixed = np.array([1, "two", {}], dtype=object)
    np.save("a.npy", mixed, allow_pickle=True)
    np.savez("a.npz", a=mixed)
    for place in ("a.npy", "a.npz:a"):
        with pytest.raises(BadInput, match=rf"{place}: it holds Python objects, which are never opened; save"):
            read(place)


def matlab_73(file, **variables):
    """As MATLAB 7.3 writes them: HDF5 with axes turned round, characters as UTF-16 and marks of its own."""
    with h5py.File(file, "w", userblock_size=512) as opened:
        refs = opened.create_group("#refs#")

        def put(group, name, value):
            if isinstance(value, str | list):
                rows = [value] if isinstance(value, str) else value
                made = group.create_dataset(name, data=np.array([[ord(x) for x in row] for row in rows], "u2").T)
                made.attrs["MATLAB_class"] = np.bytes_("char")
            elif isinstance(value, tuple):
                for row, cell in enumerate(value):
                    put(refs, f"{name}{row}", cell)
                places = np.array([[refs[f"{name}{row}"].ref for row in range(len(value))]], h5py.ref_dtype)
                made = group.create_dataset(name, data=places)
                made.attrs["MATLAB_class"] = np.bytes_("cell")
            elif issparse(value):
                made = group.create_group(name)
                made.attrs.update({"MATLAB_sparse": np.uint64(value.shape[0]), "MATLAB_class": np.bytes_("double")})
                columns = csc_matrix(value)
                made["data"], made["ir"], made["jc"] = columns.data, columns.indices, columns.indptr
            else:
                made = group.create_dataset(name, data=np.asarray(value).T)
                made.attrs["MATLAB_class"] = np.bytes_("logical" if value.dtype == bool else "double")

        for name, value in variables.items():
            put(opened, name, value)
        strange = opened.create_dataset("strange", data=np.zeros((1, 6), "u4"))
        strange.attrs["MATLAB_class"] = np.bytes_("string")
        nothing = opened.create_dataset("nothing", data=np.array([0, 3], "u8"))
        nothing.attrs.update({"MATLAB_class": np.bytes_("double"), "MATLAB_empty": np.uint8(1)})
        opened.create_group("struct").create_dataset("x", data=1.0)
    with open(file, "r+b") as opened:
        opened.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")


def test_matlab_5_and_73_read_alike(folder):
    cells = np.empty((4, 1), dtype=object)
    cells[:, 0] = TEXTS
    words = csc_matrix(np.where(NUMBERS % 3 == 0, NUMBERS, 0))
    savemat("old.mat", {"a": NUMBERS, "w": words, "c": cells, "t": np.array(["ab", "cd", "ef"]), "o": "one"})
    matlab_73("new.mat", a=NUMBERS, w=words, c=tuple(TEXTS), t=["ab", "cd", "ef"], o="one")
    for name in "awcto":
        old, new = read(f"old.mat:{name}"), read(f"new.mat:{name}")
        np.testing.assert_array_equal(old.ravel(), new.ravel())
        assert old.dtype.kind == new.dtype.kind
    np.testing.assert_array_equal(read("new.mat:w"), words.toarray())
    assert read("new.mat:nothing").shape == (0, 3), "its numbers are the lengths of its axes"
    matlab_73("mixed.mat", mixed=("a", NUMBERS))
    for key, complaint in (
        ("strange", "it is a string of MATLAB; save plain numbers, or texts by cellstr"),
        ("struct", "it is a struct of MATLAB"),
        ("aa", r"unknown name 'aa'; did you mean 'a'\?"),
    ):
        with pytest.raises((BadInput, UnknownName), match=complaint):
            read(f"new.mat:{key}")
    with pytest.raises(BadInput, match=r"mixed\.mat:mixed: its cells are no texts"):
        read("mixed.mat:mixed")


def test_a_sparse_matrix_that_is_too_large_is_refused(folder):
    savemat("wide.mat", {"w": csc_matrix((100_000, 100_000))})
    with pytest.raises(BadInput, match=r"its 100000 x 100000 values are too many to be written out; keep fewer"):
        read("wide.mat")


def test_texts_in_another_encoding_are_named(folder):
    latin = np.array(["lib\xe9".encode("latin-1"), b"chat"])
    with h5py.File("latin.h5", "w") as file:
        file["fixed"] = latin
        file["free"] = np.array(latin, dtype=h5py.string_dtype())
    np.savez("latin.npz", y=latin)
    for place in ("latin.h5:fixed", "latin.h5:free", "latin.npz:y"):
        with pytest.raises(BadInput, match=rf"{place}: its texts are not in UTF-8; save them as UTF-8"):
            read(place)


@pytest.mark.parametrize("place", ["one.npy", "two.npz:a", "two.safetensors:a", "one.mat", "two.h5:group/a", "new.mat"])
@pytest.mark.parametrize("keep", [0, 30, 0.6])
def test_damaged_files_are_named(folder, place, keep):
    file = folder / place.split(":")[0]
    content = file.read_bytes()
    file.write_bytes(content[: keep if isinstance(keep, int) else int(keep * len(content))])
    with pytest.raises(BadInput, match=rf"{place}: "):
        read(place)
