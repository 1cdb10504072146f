from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from pipeline.core.datasets import RawView
from pipeline.core.splits import Array
from pipeline.samples.base import THUMBNAIL, thumbnail
from pipeline.samples.cloud import DRAWN, LAYERS
from pipeline.samples.text import LONGEST


def picture(html: str) -> Image.Image:
    result = re.fullmatch(
        r'<img src="data:image/webp;base64,([^"]+)" width="\d+" height="\d+" alt="picture \d+">', html
    )
    assert result
    return Image.open(io.BytesIO(base64.b64decode(result[1])))


def dots(html: str) -> list[Array]:
    """Places of the dots, layer by layer from far to near."""
    paths = re.findall(r' d="([^"]*)"', html)
    steps = [np.array(re.findall(r"m(-?\d+) ?(-?\d+)h0", path)).astype(int).reshape(-1, 2) for path in paths]
    return [np.cumsum(layer, axis=0) for layer in steps]


def drawn(points: list[list[float]]) -> list[Array]:
    return dots(thumbnail(RawView("cloud", np.array([points], dtype="f4")), 0))


def test_a_large_picture_is_shrunk_to_fit_and_keeps_its_colours() -> None:
    pixels = np.zeros((1, 100, 200, 3), dtype="u1")
    pixels[..., 0] = 250
    html = thumbnail(RawView("image", pixels), 0)
    assert 'width="72" height="36"' in html
    small = picture(html)
    assert small.size == (72, 36)
    red, green, blue = np.asarray(small.convert("RGB")).reshape(-1, 3).mean(axis=0)
    assert red > 220
    assert max(green, blue) < 30


def test_a_small_grey_picture_keeps_its_pixels_and_is_enlarged_by_the_browser() -> None:
    html = thumbnail(RawView("image", np.full((3, 28, 28), 90, dtype="u1")), 2)
    assert 'width="72" height="72" alt="picture 2"' in html
    assert picture(html).size == (28, 28)


def test_a_noisy_picture_still_makes_a_small_file() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (1, 300, 300, 3), dtype="u1")
    assert len(thumbnail(RawView("image", noise), 0)) < 10_000


def test_a_very_long_picture_keeps_at_least_a_pixel() -> None:
    assert picture(thumbnail(RawView("image", np.zeros((1, 2, 500), dtype="u1")), 0)).size == (72, 1)


def test_the_same_sample_gives_the_same_html() -> None:
    rng = np.random.default_rng(1)
    for view in (
        RawView("image", rng.integers(0, 256, (2, 90, 90, 3), dtype="u1")),
        RawView("cloud", rng.random((2, 300, 3))),
    ):
        assert thumbnail(view, 1) == thumbnail(view, 1)
        assert thumbnail(view, 1) != thumbnail(view, 0)


def test_a_cloud_is_drawn_with_few_dots_inside_its_frame() -> None:
    cloud = RawView("cloud", np.random.default_rng(0).standard_normal((1, 5000, 3)).astype("f4") * 40)
    html = thumbnail(cloud, 0)
    layers = dots(html)
    places = np.concatenate(layers)
    assert DRAWN * 0.9 < len(places) <= DRAWN
    assert len(layers) == len(LAYERS)
    assert places.min() >= 1
    assert places.max() <= THUMBNAIL - 1
    assert np.ptp(places, axis=0).max() > 0.75 * THUMBNAIL
    assert f'viewBox="0 0 {THUMBNAIL} {THUMBNAIL}"' in html
    assert 'role="img" aria-label="point cloud 0"' in html


@pytest.mark.parametrize(("right", "up"), [(1, 2), (0, 2), (0, 1)])
def test_a_flat_cloud_is_seen_from_its_broad_side_upright_and_not_mirrored(right: int, up: int) -> None:
    """An L in a coordinate plane: its stroke stands left, its foot points right."""
    letter = np.zeros((30, 3))
    letter[:20, up] = np.linspace(0, 2, 20)
    letter[20:, right] = np.linspace(0, 1, 10)
    places = np.concatenate(drawn(letter.tolist()))
    top, rightmost = places[places[:, 1].argmin()], places[places[:, 0].argmax()]
    assert top[0] < rightmost[0] - 10
    assert top[1] < rightmost[1] - 30
    assert np.ptp(places[:, 1]) > 1.5 * np.ptp(places[:, 0])


def test_what_is_nearer_is_drawn_later_and_larger() -> None:
    """Seen along x, the thin axis, from its positive end."""
    far = [[-0.8, 0.0, 1.0], [-0.8, 0.1, 1.0], [-0.8, 0.0, 0.9], [-0.8, 0.1, 0.9]]
    near = [[0.8, 0.0, -1.0], [0.8, 0.1, -1.0], [0.8, 0.0, -0.9], [0.8, 0.1, -0.9]]
    layers = drawn([*near, *far, [0.0, -1.0, 0.0], [0.0, 1.0, 0.0]])
    assert layers[0][:, 1].max() < THUMBNAIL / 2 < layers[-1][:, 1].min()
    sizes, opacities = zip(*LAYERS, strict=True)
    assert list(sizes) == sorted(sizes)
    assert list(opacities) == sorted(opacities)


@pytest.mark.parametrize("points", [1, 5])
def test_a_cloud_of_one_place_is_one_dot_in_the_middle(points: int) -> None:
    places = np.unique(np.concatenate(drawn([[3.0, 3.0, 3.0]] * points)), axis=0)
    assert places.tolist() == [[THUMBNAIL // 2, THUMBNAIL // 2]]


def test_words_are_escaped_and_cut_between_words() -> None:
    assert thumbnail(RawView("text", ["a <b> & c"]), 0) == '<p class="words">a &lt;b&gt; &amp; c</p>'
    long = thumbnail(RawView("text", ["", "word " * 100]), 1)
    assert long.endswith("word …</p>")
    assert LONGEST - 5 < len(long) - len('<p class="words"></p>') <= LONGEST + 2


def test_features_say_that_there_is_no_picture() -> None:
    html = thumbnail(RawView("features", np.zeros((2, 300), dtype="f4")), 0)
    assert html == '<span class="features">no picture: features of 300 numbers</span>'
