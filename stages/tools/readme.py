"""Bring README's tables and the bibliography in line with what the folders hold."""

from __future__ import annotations

import json
from pathlib import Path

import click

from pipeline.authoring import readme_tables as catalogue
from pipeline.config.project import Project
from pipeline.core.files import write_text
from stages.command import stage
from stages.paths import RECORDS, REPORTS

README = Path("README.md")
PAPERS = Path("docs/papers.bib")
DOCS = Path("docs")


@stage
def main(project: Project) -> None:
    """Write the tables of datasets, methods, extractors and noises into README.md, docs/papers.bib, and into all
    documents what they quote from the report.

    Example: python -m stages.tools.readme
    """
    records = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in RECORDS.glob("datasets/*.json")}
    text = catalogue.filled(README.read_text(encoding="utf-8"), catalogue.tables(project, records))
    texts = {README: text} | {file: file.read_text(encoding="utf-8") for file in sorted(DOCS.glob("*.md"))}
    made = {file: catalogue.quoted(text, REPORTS / "tables") for file, text in texts.items()}
    made[PAPERS] = catalogue.bibliography(project)
    old = [file for file in made if not file.exists() or file.read_text(encoding="utf-8") != made[file]]
    for file in old:
        write_text(file, made[file])
    click.echo(f"Written anew: {', '.join(map(str, old))}." if old else "Nothing to change.")


if __name__ == "__main__":
    main()
