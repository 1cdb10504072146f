"""Types of the values that a person types in params.yaml; what does not fit raises one sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    model_validator,
)
from pydantic_core import PydanticCustomError

T = TypeVar("T")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
RESERVED = {
    "suggested",
    "temperature",
    "labels",
    "rows",
    "meta",
    "manifest",
    "annotators",
    "receipt",
    "file",
    "allow_pickle",
}
"""Arrays and files that stand beside those of the views, and what np.savez calls its own arguments."""


class Block(BaseModel):
    """A mapping with the keys that its fields name, and no others; it never changes."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    @model_validator(mode="before")
    @classmethod
    def check_keys(cls, given: Any) -> Any:
        """Name the nearest key for one that is unknown."""
        if not isinstance(given, Mapping):
            raise PydanticCustomError("block", "Input should be a valid dictionary")
        if cls.model_config.get("extra") == "forbid":
            for key in given:
                one_of(cls.model_fields, key)
        return given


def one_of(known: Iterable[str], name: str) -> str:
    """The name, if it is known."""
    if name not in known:
        raise PydanticCustomError("unknown", "unknown", {"name": name, "known": list(known)})
    return name


def _under(block: str) -> AfterValidator:
    """A name that has settings in another block of the file, which is the validation's context."""

    def check(name: str, info: ValidationInfo) -> str:
        assert info.context is not None
        return one_of(info.context.get(block) or (), name)

    return AfterValidator(check)


def _file_name(name: str) -> str:
    """A name that can be a folder of data and a key of DVC."""
    if not NAME.fullmatch(name):
        message = "Input should have letters, digits, '-' and '_' alone, at most 100, and begin with a letter or digit"
        raise PydanticCustomError("name", message)
    return name


def _view_name(name: str) -> str:
    """A name that stands beside those of the project's own arrays and files."""
    if name.casefold() in RESERVED:
        raise PydanticCustomError(
            "name", "Input should have another name, for the project has files and arrays of this one"
        )
    return name


def differ(named: dict[str, T]) -> dict[str, T]:
    """A mapping whose keys differ in more than their case, as names of files must on many a disk."""
    known: dict[str, str] = {}
    for name in named:
        if (other := known.setdefault(name.casefold(), name)) != name:
            raise PydanticCustomError(
                "case", f"Input should have one of '{other}' and '{name}', which differ in case alone"
            )
    return named


def _sequence(given: Any) -> Any:
    if not isinstance(given, list | tuple):
        raise PydanticCustomError("list", "Input should be a valid list")
    return tuple(given)


def distinct(values: tuple[T, ...]) -> tuple[T, ...]:
    """The values, if none stands twice."""
    repeated = next((value for number, value in enumerate(values) if value in values[:number]), None)
    if repeated is not None:
        raise PydanticCustomError("repeated", f"Input should have {repeated!r} once")
    return values


Name = Annotated[str, AfterValidator(_file_name)]
Listed = Annotated[tuple[T, ...], BeforeValidator(_sequence), Field(min_length=1)]
"""One entry or more."""
Distinct = Annotated[Listed[T], AfterValidator(distinct)]
"""One entry or more, none of them twice."""
DistinctOrNone = Annotated[tuple[T, ...], BeforeValidator(_sequence), AfterValidator(distinct)]
"""Any number of entries, none of them twice."""
ViewName = Annotated[str, AfterValidator(_file_name), AfterValidator(_view_name)]
Views = Annotated[dict[ViewName, T], AfterValidator(differ)]
"""View -> what belongs to it."""
DatasetName = Annotated[str, _under("datasets")]
MethodName = Annotated[str, _under("methods")]
NoiseName = Annotated[str, _under("noises")]
ExtractorName = Annotated[str, _under("extractors")]
Rate = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Settings = dict[str, Any]
"""Constructor arguments of a plug-in, which are checked where it is built."""
