"""The frame of every sheet of samples: one HTML file that needs no network and follows light and dark."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


def render(template: str, **values: Any) -> str:
    """The text of a template of this folder that extends sheet.html.j2; values are escaped unless Markup."""
    environment = Environment(
        loader=PackageLoader("pipeline.explore", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(template).render(**values)
