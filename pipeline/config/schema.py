"""What params.yaml may say of what is trained, tuned and shown; a mistake there is one sentence."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    NonNegativeInt,
    PositiveInt,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from pipeline.core.errors import BadParams, UnknownName

T = TypeVar("T")


def _one_of(known: Iterable[str], name: str) -> str:
    if name not in known:
        raise PydanticCustomError("unknown", "unknown", {"name": name, "known": list(known)})
    return name


def _under(block: str) -> AfterValidator:
    """A name that has settings in a block of the same file; the context gives the block."""

    def check(name: str, info: ValidationInfo) -> str:
        assert info.context
        return _one_of(info.context(block), name)

    return AfterValidator(check)


def _profile(name: str, info: ValidationInfo) -> str:
    """A name under which methods have settings."""
    assert info.context
    keys = {key for method in info.context("methods").values() for key in method}
    return _one_of(keys - {*Method.model_fields}, name)


def _variants(chosen: dict[str, list[str]], info: ValidationInfo) -> dict[str, list[str]]:
    """Each method's variants are its own."""
    assert info.context
    for method, variants in chosen.items():
        for variant in variants:
            _one_of(info.context("methods", method, "variants"), variant)
    return chosen


Some = Annotated[list[T], Field(min_length=1)]
DatasetName = Annotated[str, _under("datasets")]
MethodName = Annotated[str, _under("methods")]
NoiseName = Annotated[str, _under("noises")]
Variants = Annotated[dict[MethodName, Some[str]], AfterValidator(_variants)]
Rate = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Block(BaseModel):
    """A mapping with the keys that its fields name, and no others."""

    @model_validator(mode="before")
    @classmethod
    def keys(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            raise PydanticCustomError("block", "Input should be a valid dictionary")
        for key in given:
            _one_of(cls.model_fields, key)
        return given


class Grid(Block):
    datasets: Some[DatasetName]
    methods: Some[MethodName]
    noises: Some[NoiseName]
    rates: Some[Rate]
    seeds: Some[NonNegativeInt]


class Small(Block):
    datasets: Some[DatasetName] = []
    methods: Some[MethodName] = []
    noises: Some[NoiseName] = []
    rates: Some[Rate] = []
    seeds: Some[NonNegativeInt] = []


class Protocol(Block):
    methods: Variants = {}
    noises: Some[NoiseName] = []
    rates: Some[Rate] = []
    seeds: Some[NonNegativeInt] = []


class Further(Block):
    dataset: DatasetName
    noises: Some[NoiseName]
    rates: Some[Rate]
    methods: Variants


class Report(Block):
    datasets: Some[DatasetName]
    methods: Some[MethodName]
    ablations: Variants = {}


class Viewer(Block):
    queries: PositiveInt
    top: PositiveInt
    a: MethodName
    b: MethodName


class Tuned(Block):
    published: dict[str, Any] = {}
    grid: dict[str, Some[Any]]
    remark: str = ""


class Tuning(Block):
    dataset: DatasetName
    noise: NoiseName
    rate: Rate
    seed: NonNegativeInt
    methods: dict[MethodName, Tuned]


class Dataset(Block):
    source: str = ""
    display: str = ""
    profile: Annotated[str, AfterValidator(_profile)] = ""
    grid: Protocol = Protocol()
    load: Any = None
    views: Any = None
    probes: Any = None


class Method(BaseModel):
    """Beside these fields a block of settings per profile."""

    datasets: dict[str, Any] = {}
    variants: dict[str, Any]


BLOCKS: dict[str, Any] = {
    "methods": dict[str, Method],
    "noises": dict[str, Any],
    "extractors": dict[str, Any],
    "pretraining": dict[str, Any],
    "datasets": dict[str, Dataset],
    "grid": Grid,
    "further": list[Further] | None,
    "small": Small,
    "report": Report,
    "viewer": Viewer,
    "tuning": Tuning,
}
"""What params.yaml may hold, those first whose names others use; settings of plug-ins are checked where these are
built."""


def check(params: Mapping[str, Any], block: Callable[..., Any]) -> None:
    """Refuse the first mistake. A block that is absent is missed by what reads it. block: config.params.block of
    these params."""
    for name in params:
        if name not in BLOCKS:
            if meant := get_close_matches(str(name), BLOCKS.keys() - params.keys(), n=1):
                what = f"the block '{meant[0]}' is missing, and the name '{name}' is unknown"
                raise BadParams(what, "params.yaml", f"write '{meant[0]}'")
            raise UnknownName(name, BLOCKS, "params.yaml")
    for name, kind in BLOCKS.items():
        if name in params:
            try:
                TypeAdapter(kind).validate_python(params[name], strict=True, context=block)
            except ValidationError as error:
                raise _mistake(name, error.errors()[0]) from None


def _mistake(block: str, error: ErrorDetails) -> BadParams:
    path = [block, *error["loc"]]
    if path[-1] == "[key]":
        del path[-2:]
    missing = path.pop() if error["type"] == "missing" else None
    parts = "".join(f", entry {part + 1}," if isinstance(part, int) else f".{part}" for part in path)
    where = "params.yaml, " + parts.strip(".,").replace(",.", ", ")
    if missing:
        return BadParams(f"the setting '{missing}' is missing", where, "add it")
    if error["type"] == "unknown":
        return UnknownName(error["ctx"]["name"], error["ctx"]["known"], where)
    remedy = re.sub(r"^\w+ should", "it should", error["msg"])
    return BadParams(f"{reprlib.repr(error['input'])} does not fit", where, remedy)
