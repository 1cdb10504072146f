"""The folder is the registry: a plug-in is one file that defines one concrete class."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Any, TypeVar, get_type_hints

from pydantic import TypeAdapter, ValidationError

from pipeline.core.errors import BadParams, UnknownName

T = TypeVar("T")


def names(package: str) -> list[str]:
    """Names of all plug-ins in a package such as 'pipeline.methods', in alphabetical order."""
    folder = importlib.import_module(package)
    return sorted(module.name for module in pkgutil.iter_modules(folder.__path__) if module.name != "base")


def find(package: str, name: str, kind: type[T]) -> type[T]:
    """The concrete subclass of kind that the file `name` of the package defines.

    Raises UnknownName, with the nearest name, where there is no such file.
    """
    if name not in names(package):
        raise UnknownName(name, names(package), package.rsplit(".", 1)[-1])
    module = importlib.import_module(f"{package}.{name}")
    classes = [
        value
        for value in vars(module).values()
        if inspect.isclass(value)
        and issubclass(value, kind)
        and value.__module__ == module.__name__
        and not inspect.isabstract(value)
    ]
    if len(classes) != 1:
        raise TypeError(f"{module.__name__} must define one concrete {kind.__name__}, it defines {len(classes)}")
    return classes[0]


def build(package: str, name: str, kind: type[T], settings: Mapping[str, Any], place: str = "") -> T:
    """Make the plug-in from its block in params.yaml.

    place: the path of the settings in params.yaml, if not `<folder>.<name>`. Raises UnknownName for a setting that the
    plug-in does not take, BadParams for a value that does not fit and for a missing one.
    """
    plugin = find(package, name, kind)
    setting_place = f"params.yaml, {place or package.rsplit('.', 1)[-1] + '.' + name}"
    signature = inspect.signature(plugin)
    hints = get_type_hints(plugin if is_dataclass(plugin) else plugin.__init__, include_extras=True)
    checked = {}
    for setting, value in settings.items():
        if setting not in signature.parameters:
            raise UnknownName(setting, signature.parameters, setting_place)
        try:
            checked[setting] = TypeAdapter(hints[setting]).validate_python(value)
        except ValidationError as error:
            problem = error.errors()[0]["msg"]
            raise BadParams(f"'{setting}' is {value!r}: {problem}", setting_place, "correct the value") from None
    for setting, parameter in signature.parameters.items():
        if parameter.default is parameter.empty and setting not in checked:
            raise BadParams(f"the setting '{setting}' is missing", setting_place, "add it")
    return plugin(**checked)
