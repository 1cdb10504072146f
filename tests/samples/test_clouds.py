"""Point-cloud files written by hand, and what is drawn from them."""

import struct

import numpy as np
import pytest

from pipeline.core.errors import BadInput
from pipeline.core.seeds import generator
from pipeline.samples import base as kinds
from pipeline.samples.base.clouds import read_cloud, read_off, read_ply, without_padding

POINTS = np.random.default_rng(0).normal(size=(200, 3)) * [1, 2, 5] + 40
SQUARES = """OFF
# two triangles of area 3 and a square of area 1, far apart
10 3 0
0 0 0
3 0 0
0 2 0
0 0 100
3 0 100
0 2 100
0 0 50
1 0 50

1 1 50
0 1 50
3 0 1 2
3 3 4 5 255 0 0
4 6 7 8 9
"""


def rng(name="a"):
    return generator(0, name)


def ply(form, body, head="property float x\nproperty float y\nproperty float z\n", count=3, end="\n"):
    text = f"ply\nformat {form} 1.0\ncomment element face 9\nelement vertex {count}\n{head}element face 1\n"
    return (text + "property list uchar int vertex_indices\nend_header\n").replace("\n", end).encode() + body


def test_ascii_ply(tmp_path):
    file = tmp_path / "a.ply"
    head = "property uchar red\nproperty float x\nproperty double y\nproperty float z\n"
    for end in ("\n", "\r\n"):
        file.write_bytes(ply("ascii", b"9 1 2 3\n8 4 5 6\n7 7 8 9.5\n3 0 1 2\n", head, end=end))
        assert read_ply(file).tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9.5]]


def test_binary_ply(tmp_path):
    file = tmp_path / "a.ply"
    head = "property float z\nproperty double x\nproperty uchar red\nproperty int y\n"
    body = b"".join(struct.pack("<fdBi", 3, 1, 9, 2 + row) for row in range(3)) + struct.pack("<Biii", 3, 0, 1, 2)
    file.write_bytes(ply("binary_little_endian", body, head))
    assert read_ply(file).tolist() == [[1, 2, 3], [1, 3, 3], [1, 4, 3]]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "this is no PLY file"),
        (b"plx\nend_header\n", "this is no PLY file"),
        (ply("ascii", b"")[:60], "this is no PLY file"),
        (ply("binary_big_endian", b"0" * 99), "its format is 'binary_big_endian'; save it as"),
        (ply("ascii", b"1 2 3\n4 5 6\n"), "it has 2 of the 3 vertices"),
        (ply("ascii", b"1 2 3\n4 5\n7 8 9\n"), "not whole rows of numbers with x, y and z"),
        (ply("ascii", b"1 2 3\n4 5 a\n7 8 9\n"), "not whole rows"),
        (ply("ascii", b""), "not whole rows"),
        (ply("ascii", b"1 2\n3 4\n5 6\n", "property float x\nproperty float y\n"), "not whole rows"),
        (ply("binary_little_endian", b"0" * 35), "not whole rows"),
        (ply("binary_little_endian", b"0" * 36, "property real x\n"), "not whole rows"),
        (ply("binary_little_endian", b"0" * 36, "property list uchar int x\n"), "not whole rows"),
        (ply("binary_little_endian", b"0" * 36, count="many"), "not whole rows"),
        (ply("binary_little_endian", b"0" * 36, count=-1), "it has 3 of the -1"),
        (b"ply\nformat ascii 1.0\nelement face 1\nend_header\n", "its first element is not 'vertex'"),
    ],
)
def test_unusable_ply_files_are_explained(tmp_path, content, complaint):
    file = tmp_path / "a.ply"
    file.write_bytes(content)
    with pytest.raises(BadInput, match=rf"a\.ply: {complaint}|a\.ply: its vertices are {complaint}"):
        read_ply(file)


def test_off_and_its_header_glued_to_the_counts(tmp_path):
    file = tmp_path / "a.off"
    for text in (SQUARES, "OFF10 3 0\n" + SQUARES.split("10 3 0\n")[1]):
        file.write_text(text)
        vertices, triangles = read_off(file)
        assert vertices.shape == (10, 3)
        assert triangles.tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [6, 8, 9]]


def test_a_mesh_is_sampled_by_area(tmp_path):
    file = tmp_path / "a.off"
    file.write_text(SQUARES)
    cloud = read_cloud(file, 7000, rng())
    assert cloud.shape == (7000, 3)
    assert cloud.dtype == np.float32
    assert np.abs(cloud.mean(axis=0)).max() < 1e-6
    height = np.rint((cloud[:, 2] - cloud[:, 2].min()) * 100)
    shares = [np.mean(height == level) for level in (0, 100, 50)]
    assert shares == pytest.approx([3 / 7, 3 / 7, 1 / 7], abs=0.02)
    low = (cloud[height == 0] - cloud[height == 0].min(axis=0)) * 100
    assert low[:, 0].mean() == pytest.approx(1, abs=0.1)
    assert (low[:, 0] / 3 + low[:, 1] / 2 < 1.01).all()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "this is no OFF file"),
        ("PLY\n", "this is no OFF file"),
        ("OFF BINARY\n\0\0", "it is a binary OFF file; save it as an ASCII OFF file"),
        ("4OFF\n1 1 0\n", "its points have other than three numbers"),
        ("nOFF\n3\n1 1 0\n", "its points have other than three numbers"),
        ("OFF\n", "it does not hold"),
        ("OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n", "it does not hold"),
        ("OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 3\n", "it does not hold"),
        ("OFF\n3 1 0\n0 0 0\n1 0 0\n0 1\n3 0 1 2\n", "it does not hold"),
        ("OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1\n", "it does not hold"),
        ("OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n2 0 1\n", "it does not hold"),
        ("OFF\n3 0 0\n0 0 0\n1 0 0\n0 1 0\n", "it does not hold"),
        ("OFF\n3 1 0\n0 0 0\n1 0 0\n2 0 0\n3 0 1 2\n", "its surface has no finite area"),
        ("OFF\n3 1 0\n0 0 0\n1 0 0\n0 nan 0\n3 0 1 2\n", "its surface has no finite area"),
    ],
)
def test_unusable_meshes_are_explained(tmp_path, content, complaint):
    file = tmp_path / "a.off"
    file.write_text(content)
    with pytest.raises(BadInput, match=rf"a\.off: {complaint}"):
        read_cloud(file, 8, rng())


def test_points_are_drawn_without_repeats_centred_and_scaled(tmp_path):
    file = tmp_path / "a.npy"
    np.save(file, np.hstack([POINTS, POINTS]))
    cloud = read_cloud(file, 150, rng())
    assert len(np.unique(cloud, axis=0)) == 150
    assert np.ptp(cloud, axis=0).max() == pytest.approx(1)
    assert np.abs(cloud.mean(axis=0)).max() < 1e-6
    np.testing.assert_array_equal(cloud, read_cloud(file, 150, rng()))
    assert (cloud != read_cloud(file, 150, rng("b"))).any()
    whole = read_cloud(file, 200, rng())
    expected = POINTS / np.ptp(POINTS, axis=0).max()
    np.testing.assert_allclose(whole, expected - expected.mean(axis=0), atol=1e-6)


@pytest.mark.parametrize(
    ("points", "complaint"),
    [
        (POINTS[:9], "it has 9 points where 10 are asked for; set `points` lower"),
        (POINTS[:, :2], "200 x 2 numbers are no points"),
        (POINTS.ravel(), "600 numbers are no points"),
        (POINTS * [1, 1, np.nan], "point 0 of those taken is NaN"),
        (POINTS * np.nan, "it has 0 points, 200 rows of padding aside, where 10 are asked for"),
        (POINTS * 0 + 1, "it has 1 points, 199 rows of padding aside, where 10 are asked for"),
        (POINTS.astype(str), "the file holds no array of numbers"),
        (POINTS.astype(object), "it holds Python objects, which are never opened"),
    ],
)
def test_unusable_points_are_explained(tmp_path, points, complaint):
    np.save(tmp_path / "a.npy", points, allow_pickle=True)
    with pytest.raises(BadInput, match=rf"a\.npy: {complaint}"):
        read_cloud(tmp_path / "a.npy", 10, rng())


@pytest.mark.parametrize(
    "padding", [np.zeros((56, 3)), np.full((56, 3), np.nan), POINTS[[-1] * 56], -np.zeros((56, 3))]
)
@pytest.mark.parametrize("ahead", [False, True])
def test_padding_is_no_point(tmp_path, padding, ahead):
    """Zeros, NaN and repeats that fill a cloud up to 256 rows: as if they were not there."""
    np.save(tmp_path / "bare.npy", POINTS)
    np.save(tmp_path / "padded.npy", np.concatenate([padding, POINTS] if ahead else [POINTS, padding]))
    padded = read_cloud(tmp_path / "padded.npy", 150, rng())
    if ahead and (padding == POINTS[-1]).all():
        assert len(np.unique(padded, axis=0)) == 150
    else:
        np.testing.assert_array_equal(padded, read_cloud(tmp_path / "bare.npy", 150, rng()))
    with pytest.raises(BadInput, match=r"it has 200 points, 56 rows of padding aside, where 250 are asked for"):
        read_cloud(tmp_path / "padded.npy", 250, rng())


def test_a_single_point_at_the_origin_is_a_point():
    rows = np.concatenate([np.zeros((1, 3)), POINTS])
    np.testing.assert_array_equal(without_padding(rows), rows)


def test_a_few_equal_rows_are_points(tmp_path):
    """Coordinates on a grid: 14 of 214 rows repeat others."""
    np.save(tmp_path / "grid.npy", np.concatenate([POINTS, POINTS[:14]]))
    assert read_cloud(tmp_path / "grid.npy", 214, np.random.default_rng(0)).shape == (214, 3)


def test_stored_clouds_with_padding_are_noticed():
    clouds = np.stack([POINTS, POINTS]).astype(np.float32)
    clouds[1, -40:] = 0
    marked = {fault.problem: fault.mask.tolist() for fault in kinds.kind("cloud").faults(clouds)}
    assert marked["several points of the cloud are 0, 0, 0"] == [False, True]
