"""Bring docs/catalogue.md, the bibliography and quoted tables in line with what the folders and the report hold."""

from __future__ import annotations

import json
from pathlib import Path

import click

from pipeline.authoring import readme_tables
from pipeline.config.project import Project
from pipeline.core.files import write_text
from stages.command import stage
from stages.paths import RECORDS, REPORTS

README = Path("README.md")
DOCS = Path("docs")
CATALOGUE, PAPERS = DOCS / "catalogue.md", DOCS / "papers.bib"


@stage
def main(project: Project) -> None:
    """Write the tables of datasets, methods, extractors and noises into docs/catalogue.md, the papers into
    docs/papers.bib, and into README and all documents what they quote from the report.

    Example: python -m stages.tools.readme
    """
    records = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in RECORDS.glob("datasets/*.json")}
    texts = {file: file.read_text(encoding="utf-8") for file in (README, *sorted(DOCS.glob("*.md")))}
    documents = [file.name for file in texts]
    texts[CATALOGUE] = readme_tables.filled(texts[CATALOGUE], readme_tables.tables(project, records, documents))
    made = {file: readme_tables.quoted(text, REPORTS / "tables") for file, text in texts.items()}
    made[PAPERS] = readme_tables.bibliography(project)
    old = [file for file in made if not file.exists() or file.read_text(encoding="utf-8") != made[file]]
    for file in old:
        write_text(file, made[file])
    click.echo(f"Written anew: {', '.join(map(str, old))}." if old else "Nothing to change.")


if __name__ == "__main__":
    main()
