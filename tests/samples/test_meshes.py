"""Meshes written by hand: what is read, where points fall, what a picture shows."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.core.errors import BadInput
from pipeline.core.seeds import generator
from pipeline.samples.base.clouds import cloud_of_mesh
from pipeline.samples.base.meshes import (
    BACKGROUND,
    BRIGHTEST,
    DARKEST,
    LIGHT,
    on_surface,
    perpendiculars,
    read_off,
    render,
)
from tests.support.solids import CUBE, GLUED, TETRAHEDRON

HERE = Path("a.off")


def rng(name="a"):
    return generator(0, name)


def mesh(tmp_path, text):
    file = tmp_path / "a.off"
    file.write_text(text)
    return read_off(file)


def picture(vertices, triangles, azimuth=0.0, elevation=0.0, side=64):
    return render(vertices, triangles, side, azimuth, elevation, rng(), HERE)


def test_squares_become_two_triangles_with_and_without_a_line_for_the_counts(tmp_path):
    for text in (CUBE, GLUED, CUBE.replace("\n", "\r\n"), CUBE.replace("8 6 0", "# a cube\n8 6 0\n")):
        vertices, triangles = mesh(tmp_path, text)
        assert vertices.tolist() == [[x, y, z] for z in (0, 1) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))]
        assert triangles[:4].tolist() == [[0, 3, 2], [4, 5, 6], [0, 1, 5], [1, 2, 6]]
        assert perpendiculars(vertices, triangles, HERE).sum(axis=0) == pytest.approx([0, 0, 0])
        assert np.linalg.norm(perpendiculars(vertices, triangles, HERE), axis=1).tolist() == [1] * 12


@pytest.mark.parametrize("head", ["COFF", "NOFF", "CNOFF", "STCNOFF"])
def test_normals_colours_and_a_byte_order_mark_are_passed_over(tmp_path, head):
    square = ["0 0 0", "1 0 0", "1 1 0", "0 1 0"]
    lines = [head, "4 1 0", *(f"{corner} 9 9 9 0" for corner in square), "4 0 1 2 3"]
    file = tmp_path / "a.off"
    file.write_text("\n".join(lines), encoding="utf-8-sig")
    vertices, triangles = read_off(file)
    assert vertices.tolist() == [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]
    assert triangles.tolist() == [[0, 1, 2], [0, 2, 3]]


def test_triangles_and_larger_polygons_in_one_file(tmp_path):
    text = "OFF\n5 3 0\n0 0 0\n1 0 0\n2 1 0\n1 2 0\n0 1 0\n5 0 1 2 3 4\n3 0 1 2 0.5 0.5 0.5\n4 0 1 2 3\n"
    expected = [[0, 1, 2], [0, 1, 2], [0, 2, 3], [0, 1, 2], [0, 2, 3], [0, 3, 4]]
    assert mesh(tmp_path, text)[1].tolist() == expected


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("4 4 6", "4 four", "the counts of corners and faces in line 2;"),
        ("4 4 6", "4 0 6", "the counts of corners and faces in line 2;"),
        ("4 4 6", "4 5 6", "the 4 corners and 5 faces that line 2 announces: it ends with line 10;"),
        ("0 1 0\n", "0 l 0\n", "3 numbers in line 5;"),
        ("0 1 0\n", "0 1\n", "3 numbers in line 5;"),
        ("3 0 1 3", "3 0 1", "4 whole numbers in line 8;"),
        ("3 0 1 3", "3 0 1 a", "4 whole numbers in line 8;"),
        ("3 0 1 3", "4 0 1 3", "5 whole numbers in line 8;"),
        ("3 0 1 3", "2 0 1 3", "a face in line 8;"),
        ("3 0 1 3", "2000000000 0 1 3", "a face in line 8;"),
        ("3 0 1 3", "3 0 1 4", "all corners that line 8 names;"),
        ("3 0 1 3", "3 0 1 -1", "all corners that line 8 names;"),
    ],
)
def test_a_broken_file_is_explained_by_its_line(tmp_path, old, new, complaint):
    assert TETRAHEDRON.count(old) == 1
    with pytest.raises(BadInput, match=rf"a\.off: it does not hold {complaint}"):
        mesh(tmp_path, TETRAHEDRON.replace(old, new))


def test_points_fall_on_faces_in_proportion_to_their_areas(tmp_path):
    vertices, triangles = mesh(tmp_path, CUBE)
    vertices = vertices * [1, 2, 5]
    areas = np.linalg.norm(perpendiculars(vertices, triangles, HERE), axis=1) / 2
    count = 20_000
    points, chosen = on_surface(vertices, triangles, areas, count, rng())
    expected = count * areas / areas.sum()
    assert sorted(areas) == [1] * 4 + [2.5] * 4 + [5] * 4
    deviation = np.sqrt(expected * (1 - areas / areas.sum()))
    assert (np.abs(np.bincount(chosen, minlength=12) - expected) < 5 * deviation).all()

    outside = np.maximum(-points, points - [1, 2, 5]).max(axis=1)
    assert np.abs(outside).max() < 1e-9
    front = points[points[:, 1] < 1e-9]
    assert np.histogram2d(front[:, 0], front[:, 2], bins=(2, 5))[0].min() > 0.8 * len(front) / 10


def test_a_cloud_is_centred_with_longest_extent_one_and_lies_on_the_surface(tmp_path):
    cloud = cloud_of_mesh(*mesh(tmp_path, TETRAHEDRON), 5000, rng(), HERE)
    assert cloud.dtype == np.float32
    assert np.abs(cloud.mean(axis=0)).max() < 1e-6
    assert np.ptp(cloud, axis=0).max() == pytest.approx(1)
    back = (cloud - cloud.min(axis=0)) / np.ptp(cloud, axis=0)
    on_a_face = np.minimum(back.min(axis=1), np.abs(1 - back.sum(axis=1)))
    assert on_a_face.max() < 0.02


def test_a_cube_is_a_square_from_the_front_and_a_wider_one_from_its_edge(tmp_path):
    cube = mesh(tmp_path, CUBE)
    front = picture(*cube)
    inside = np.zeros((64, 64), dtype=bool)
    inside[5:-5, 5:-5] = True
    far = np.ones((64, 64), dtype=bool)
    far[2:-2, 2:-2] = False
    assert front.shape == (64, 64)
    assert front.dtype == np.uint8
    assert set(np.unique(front[inside])) == {round(DARKEST + (BRIGHTEST - DARKEST) * LIGHT[2])}
    assert (front[far] == BACKGROUND).all()
    shape = picture(*cube, azimuth=45) != BACKGROUND
    height, width = (np.ptp(np.flatnonzero(shape.any(axis=axis))) for axis in (1, 0))
    assert width / height == pytest.approx(np.sqrt(2), abs=0.06)


def test_up_is_up_and_the_nearest_surface_wins(tmp_path):
    vertices, triangles = mesh(tmp_path, TETRAHEDRON)
    shape = picture(vertices, triangles, azimuth=-90) != BACKGROUND
    assert shape[-12].sum() > 2 * shape[20].sum() > 0
    right = np.flatnonzero(shape[-12])
    assert right.min() < 8
    top = np.flatnonzero(shape.any(axis=1)).min()
    assert np.flatnonzero(shape[top]).max() < 12

    wall = np.array([[0, -1, -1], [0, 1, -1], [0, 1, 1], [0, -1, 1.0]])
    tilted = wall @ np.array([[1, 0, 0], [0, 1, 0], [0.5, 0, 1]]) / 2 + [2, 0, 0]
    both = np.concatenate([wall, tilted]), np.array([[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7]])
    near, far = picture(*both), picture(*both, azimuth=180)
    assert near[32, 32] != near[8, 8]
    assert far[32, 32] == far[8, 8] == near[8, 8]


def test_the_same_generator_gives_the_same_picture(tmp_path):
    vertices, triangles = mesh(tmp_path, TETRAHEDRON)
    first = picture(vertices, triangles, 30, 30)
    np.testing.assert_array_equal(first, picture(vertices, triangles, 30, 30))
    np.testing.assert_array_equal(first, picture(vertices * 8, triangles, 30, 30))
    assert np.mean(first != picture(vertices, triangles[:, ::-1], 30, 30)) < 0.02
    assert np.mean(first != picture(vertices, triangles, 120, 30)) > 0.1
