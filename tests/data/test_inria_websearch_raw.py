"""The Web Queries dataset in small, written here in its authors' layout."""

from collections import Counter

import numpy as np
import pytest
from PIL import Image

from pipeline.core.errors import BadInput, MissingFiles
from pipeline.data.base.pictures import read_square
from pipeline.data.inria_websearch import SIZES
from pipeline.data.inria_websearch_raw import InriaWebsearchRaw

QUERIES, RELEVANT, PUBLISHED = 102, 10, 14698
SMALL = (5, 40)
"""Queries with fewer relevant pictures than the others, which therefore are no classes."""
PAGE = """<?xml version="1.0" encoding="utf-8"?> <documentmeta> <concept> requete{query} </concept> <rank> 1 </rank>
<language> en </language> <referer> http://example.org/a </referer> <before> seen on &amp; off </before>
<after> </after> <ptitle> Page {document} caf\u00e9 </ptitle> <alt> drawing </alt> </documentmeta>"""
NO_WORDS = "<documentmeta> <concept> requete </concept> <before> </before> <ptitle></ptitle> </documentmeta>"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("webqueries")
    for name in ("images", "metadata"):
        (folder / name).mkdir()
    labels = []
    for query in range(QUERIES):
        for document in range(RELEVANT + 1):
            relevant = document < RELEVANT - (query in SMALL)
            labels.append(f"{query} {document} {int(relevant)}")
            if not relevant:
                continue
            stem = f"query_{query}_document_{document}_"
            page = NO_WORDS if (query, document) == (7, 3) else PAGE.format(query=query, document=document)
            (folder / "metadata" / f"{stem}textmeta.xml").write_text(page, encoding="utf-8")
            twin = (9, 2) if (query, document) == (9, 1) else (query, document)
            picture = np.full((9, 12, 3), [twin[0] * 2, twin[1] * 20, 77], dtype=np.uint8)
            Image.fromarray(picture).save(folder / "images" / f"{stem}imagethumb.jpg")
    (folder / "labels.txt").write_text("\n".join(labels) + "\n")
    english = [f"{query} eiffel tower" for query in range(QUERIES)]
    (folder / "queries_en_trans.txt").write_text("\n".join(english) + "\n")
    return folder


@pytest.fixture
def folder(written, tmp_path):
    """A folder that may be damaged: lists of its own, the pictures and pages of all tests."""
    for name in ("labels.txt", "queries_en_trans.txt"):
        (tmp_path / name).write_bytes((written / name).read_bytes())
    for name in ("images", "metadata"):
        (tmp_path / name).symlink_to(written / name)
    return tmp_path


def load(folder, seed=0, progress=lambda done, total: None):
    return InriaWebsearchRaw(folder, seed).load(progress)


def test_relevant_pairs_of_the_largest_classes(written):
    seen = []
    raw = load(written, progress=lambda done, total: seen.append((done, total)))
    total = 100 * RELEVANT - 1
    assert seen[-1] == (total, total)
    assert len(raw.class_names) == 100
    assert [f"eiffel tower ({query})" in raw.class_names for query in (0, *SMALL, 101)] == [True, False, False, True]
    assert all(
        raw.class_names[label].endswith(f"({i.split('-')[0]})") for i, label in zip(raw.ids, raw.labels, strict=True)
    )
    assert "7-3" not in raw.ids
    row = raw.ids.index("8-4")
    assert raw.views["text"].samples[row] == "seen on & off Page 4 caf\u00e9 drawing"
    expected = read_square(written / "images" / "query_8_document_4_imagethumb.jpg")
    assert np.array_equal(raw.views["image"].samples[row], expected)


def test_the_split_has_the_published_proportions_and_keeps_copies_together(written):
    raw = load(written)
    counts = Counter(zip(raw.labels.tolist(), raw.split.tolist(), strict=True))
    expected = {name: RELEVANT * size / PUBLISHED for name, size in SIZES.items()}
    assert all(abs(counts[label, name] - size) < 2 for label in range(100) for name, size in expected.items())
    drawn = Counter(raw.split.tolist())
    assert all(abs(drawn[name] / len(raw.ids) - SIZES[name] / PUBLISHED) < 0.03 for name in SIZES)
    one, other = raw.ids.index("9-1"), raw.ids.index("9-2")
    assert raw.concept[one] == raw.concept[other]
    assert raw.split[one] == raw.split[other]
    assert np.array_equal(raw.split, load(written).split)
    assert not np.array_equal(raw.split, load(written, seed=1).split)


def test_the_query_is_no_part_of_the_text(written):
    assert not any("requete" in text for text in load(written).views["text"].samples)


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("labels.txt", "1 0 1\n2 0 1\n", "labels.txt: it has relevant pictures of 2 queries, not 100; copy"),
        ("labels.txt", "1 0\n", "labels.txt, line 1: it does not have 3 columns; copy"),
        ("labels.txt", "1 zero 1\n", "labels.txt, line 1: it does not have 3 columns; copy"),
        ("queries_en_trans.txt", "0 eiffel tower\n", "queries_en_trans.txt: it lacks query 1; copy"),
        ("queries_en_trans.txt", "0\n", "queries_en_trans.txt, line 1: it does not have 2 columns; copy"),
    ],
)
def test_an_unusable_list_is_explained(folder, name, content, complaint):
    (folder / name).write_text(content)
    with pytest.raises(BadInput, match=complaint):
        load(folder)


def test_a_missing_file_is_named(tmp_path, folder):
    (folder / "images").unlink()
    with pytest.raises(MissingFiles, match=r"images/query_0_document_0_imagethumb\.jpg is missing; put .*webqueries"):
        load(folder)
    (folder / "labels.txt").unlink()
    with pytest.raises(MissingFiles, match=r"labels\.txt is missing; put"):
        load(folder)
