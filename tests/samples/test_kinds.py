"""What every kind of sample in the folder promises."""

import numpy as np
import pytest

from pipeline.core.datasets import RawView
from pipeline.core.errors import BadInput, UnknownName
from pipeline.samples import base as kinds

RNG = np.random.default_rng(0)
EXAMPLES = {
    "image": RNG.integers(0, 256, (3, 5, 5), dtype=np.uint8),
    "cloud": RNG.standard_normal((3, 7, 3)).astype(np.float32),
    "features": RNG.standard_normal((3, 4)).astype(np.float32),
    "text": ["a cat", "two <b>dogs</b>", "drei Fische ☃"],
}
pytestmark = pytest.mark.parametrize("name", kinds.names())


def test_the_folder_is_the_registry(name):
    assert kinds.kind(name).name == name


def test_it_describes_itself(name):
    kind = kinds.kind(name)
    assert kind.display
    assert kind.plural
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in kind.suffixes)
    assert kind.extension in {".npy", ".json"}


def test_what_is_stored_comes_back(name, tmp_path):
    kind, samples = kinds.kind(name), EXAMPLES[name]
    file = tmp_path / f"view{kind.extension}"
    kind.write(samples, file)
    stored = file.read_bytes()
    back = kind.load(file)
    np.testing.assert_array_equal(back, samples)
    kind.write(back, file)
    assert file.read_bytes() == stored


def test_single_samples_make_a_view(name):
    kind, samples = kinds.kind(name), EXAMPLES[name]
    gathered = kind.gather(iter(samples), len(samples))
    np.testing.assert_array_equal(gathered, samples)
    assert np.asarray(gathered).dtype == np.asarray(samples).dtype


def test_a_sound_view_has_no_faults(name):
    kind, samples = kinds.kind(name), EXAMPLES[name]
    assert kind.misfit(samples) == ""
    assert not any(fault.mask.any() for fault in kind.faults(samples))
    assert kind.fits(np.shape(samples[0]))


def test_samples_of_another_kind_do_not_fit(name):
    other = EXAMPLES["cloud"].astype(np.float64)
    assert kinds.kind(name).misfit(other)
    assert not kinds.kind(name).fits((2, 2, 2, 2))


def test_a_sample_is_drawn_as_escaped_html(name):
    html = kinds.thumbnail(RawView(name, EXAMPLES[name]), 1, 40)
    assert html.startswith("<")
    assert "<b>" not in html


def test_a_damaged_file_is_one_sentence(name, tmp_path):
    kind = kinds.kind(name)
    file = tmp_path / f"view{kind.extension}"
    with pytest.raises(BadInput, match="the file is missing; fetch the dataset again"):
        kind.load(file)
    file.write_bytes(b"damaged")
    with pytest.raises(BadInput, match="fetch the dataset again"):
        kind.load(file)


def test_an_unknown_kind_suggests_the_nearest(name):
    with pytest.raises(UnknownName, match=f"did you mean '{name}'"):
        kinds.kind(f"{name}x")


def test_its_settings_make_it_again(name):
    kind = kinds.kind(name)
    again = type(kind)(**kind.settings)
    assert again.settings == kind.settings
    assert vars(again) == vars(kind)
