"""params.yaml: what is wrong with it is named; overrides apply from the general to the special."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pipeline.config.params import block, extractors_of, further_grids, load, method_settings, noises_of

from pipeline.core.errors import BadParams, UnknownName
from tests.support import tiny


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadParams, match=r"params.yaml: the file is missing; run the command in the project's root"):
        load(tmp_path / "params.yaml")


@pytest.mark.parametrize(("text", "line"), [("a: 1\nb: [1, 2\n", 3), ("a: 1\n\tb: 2\n", 2), ("a: 'open\n", 2)])
def test_broken_yaml_is_named_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    (tmp_path / "params.yaml").write_text(text)
    with pytest.raises(BadParams, match=rf"params.yaml, line {line}: this is not valid YAML"):
        load(tmp_path / "params.yaml")


@pytest.mark.parametrize("text", ["", "just words", "[1, 2]"])
def test_a_file_without_settings_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "params.yaml").write_text(text)
    with pytest.raises(BadParams, match="the file holds no settings"):
        load(tmp_path / "params.yaml")


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (("datasets", "emojy"), r"params.yaml.datasets: unknown name 'emojy'; did you mean 'emoji'\?"),
        (("methods", "mca"), r"params.yaml.methods: unknown name 'mca'; did you mean 'mcca'\?"),
        (("method",), r"params.yaml: unknown name 'method'; did you mean 'methods'\?"),
        (("methods", "zzz"), "choose one of ce, mcca"),
    ],
)
def test_an_unknown_name_suggests_the_nearest(keys: tuple[str, ...], message: str) -> None:
    with pytest.raises(UnknownName, match=message):
        block(tiny.params(), *keys)


def test_an_empty_block_is_an_empty_mapping() -> None:
    assert block({"extractors": {"pixels": None}}, "extractors", "pixels") == {}


def test_a_view_may_change_settings_of_its_extractor() -> None:
    params = {
        "datasets": {"scans": {"views": {"image": "pixels", "cloud": {"dgcnn": {"points": 1024}}}}},
        "extractors": {"pixels": {}, "dgcnn": {"points": 256, "batch_size": 8}},
    }
    assert extractors_of(params, "scans") == {
        "image": ("pixels", {}),
        "cloud": ("dgcnn", {"points": 1024, "batch_size": 8}),
    }


@pytest.mark.parametrize("given", [{}, {"pixels": {}, "dgcnn": {}}])
def test_a_view_has_one_extractor(given: dict[str, Any]) -> None:
    params = {"datasets": {"scans": {"views": {"cloud": given}}}, "extractors": {"pixels": {}, "dgcnn": {}}}
    with pytest.raises(BadParams, match=r"datasets\.scans\.views\.cloud: one extractor is needed; write its name, or"):
        extractors_of(params, "scans")


def overridden() -> dict[str, Any]:
    params = tiny.params()
    params["methods"] = {
        "ce": {
            "default": {"a": "profile", "b": "profile", "c": "profile"},
            "fast": {"a": "fast", "b": "fast", "c": "fast"},
            "datasets": {"emoji": {"default": {"b": "dataset", "c": "dataset"}}},
            "variants": {"default": {}, "special": {"c": "variant"}},
        }
    }
    return params


def test_a_dataset_overrides_the_profile_and_a_variant_both() -> None:
    params = overridden()
    assert method_settings(params, "ce", "default", "emoji") == {"a": "profile", "b": "dataset", "c": "dataset"}
    assert method_settings(params, "ce", "special", "emoji") == {"a": "profile", "b": "dataset", "c": "variant"}


def test_overrides_belong_to_one_dataset_and_profile() -> None:
    params = overridden()
    params["datasets"] |= {"other": {"profile": "default"}}
    assert method_settings(params, "ce", "default", "other") == dict.fromkeys("abc", "profile")
    params["datasets"]["emoji"]["profile"] = "fast"
    assert method_settings(params, "ce", "default", "emoji") == dict.fromkeys("abc", "fast")


def test_settings_are_a_copy() -> None:
    params = overridden()
    method_settings(params, "ce", "special", "emoji")["a"] = "changed"
    assert params == overridden()


@pytest.mark.parametrize("names", [("zz", "default", "emoji"), ("ce", "zz", "emoji"), ("ce", "default", "zz")])
def test_an_unknown_part_is_named(names: tuple[str, str, str]) -> None:
    with pytest.raises(UnknownName, match="unknown name 'zz'"):
        method_settings(overridden(), *names)


def test_further_noises_are_for_the_named_variants_of_the_named_methods_alone() -> None:
    params = tiny.params()
    entry = {"dataset": "emoji", "noises": ["pairflip"], "rates": [0.1, 0.3], "methods": {"ce": ["default"]}}
    assert noises_of(params, "emoji", "ce", "default") == [("symmetric", 0.2)]
    params["further"] = [entry, {**entry, "dataset": "other"}]
    assert further_grids(params, "emoji") == [entry]
    assert noises_of(params, "emoji", "ce", "default") == [("symmetric", 0.2), ("pairflip", 0.1), ("pairflip", 0.3)]
    assert noises_of(params, "emoji", "ce", "wide") == [("symmetric", 0.2)]
    assert noises_of(params, "emoji", "mcca", "default") == [("symmetric", 0.2)]
