"""Bring README's tables and the bibliography in line with what the folders hold."""

from __future__ import annotations

import json
from pathlib import Path

import click

from pipeline import catalogue
from pipeline.params import Params
from pipeline.whole import write_text
from stages.command import stage
from stages.paths import RECORDS, REPORTS

README = Path("README.md")
PAPERS = Path("docs/papers.bib")
DOCS = Path("docs")


@stage
def main(params: Params) -> None:
    """Write the tables of datasets, methods, extractors and noises into README.md, docs/papers.bib, and into the other
    documents what they quote from the report.

    Example: python -m stages.tools.readme
    """
    records = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in RECORDS.glob("datasets/*.json")}
    text = catalogue.filled(README.read_text(encoding="utf-8"), catalogue.tables(params, records))
    made = {README: text, PAPERS: catalogue.bibliography(params)}
    for file in sorted(DOCS.glob("*.md")):
        if "<!-- table:" in (told := file.read_text(encoding="utf-8")):
            made[file] = catalogue.quoted(told, REPORTS / "tables")
    for file, content in made.items():
        changed = not file.exists() or file.read_text(encoding="utf-8") != content
        write_text(file, content)
        click.echo(f"{file}: {'written anew' if changed else 'nothing to change'}.")


if __name__ == "__main__":
    main()
