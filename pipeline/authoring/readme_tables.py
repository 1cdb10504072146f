"""What the folders hold, as the tables of docs/catalogue.md and as a bibliography."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from string import ascii_lowercase
from typing import Any

from pipeline.config.project import Project
from pipeline.core import plugins
from pipeline.core.errors import BadInput
from pipeline.core.papers import Paper
from pipeline.core.splits import SPLITS
from pipeline.data.base import Dataset, configured
from pipeline.features.base import Extractor
from pipeline.methods.base import Method
from pipeline.noise.base import Noise

QUOTED = re.compile(r"(<!-- table: (\w+)(?:; rows: ([^>]+?))? -->\n).*?(<!-- /table -->)", re.DOTALL)
SUMMARY = re.compile(r"(<!-- summary: (\w+) -->\n).*?(<!-- /summary -->)", re.DOTALL)
NOTE = re.compile("<sup>([†≈]*)[a-z]{1,2}</sup>")
"""The letters of a footnote, behind the marks that a caption explains."""


def tables(
    project: Project, records: Mapping[str, Mapping[str, Any]], documents: Collection[str] = ()
) -> dict[str, str]:
    """Name -> Markdown table of datasets, methods, extractors and noises, in the order of params.yaml.

    records: dataset -> its record with `sizes` and `classes`, for those that were fetched; of the others the sizes
    are what their files expect. documents: names of the files of docs/; a method that was made here has one.
    """
    return {
        "datasets": _datasets(project, records),
        "methods": _methods(project, documents),
        "extractors": _extractors(project),
        "noises": _noises(project),
    }


def filled(text: str, made: Mapping[str, str]) -> str:
    """The text with each table between its markers, <!-- name --> and <!-- /name -->."""
    for name, table in made.items():
        marked = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if len(marked.findall(text)) != 1:
            remedy = f"put <!-- {name} --> and <!-- /{name} --> on lines of their own around it, once"
            raise BadInput(f"the place of the table '{name}' is not marked", "docs/catalogue.md", remedy)
        text = marked.sub(lambda place, table=table: f"{place[1]}{table}{place[2]}", text)  # type: ignore[misc]
    return text


def quoted(text: str, tables: Path) -> str:
    """The text with tables of the report between <!-- table: name --> and <!-- /table -->.

    After `; rows: CE, MRL` a table has the rows of these methods alone. Between <!-- summary: name --> and
    <!-- /summary --> comes what the page's first screen says of a dataset.
    tables: the folder with name.md and <dataset>_summary.md. A mark that is written in another way is refused.
    """
    for kind, mark, pattern in (("table", "name; rows: CE, MRL", QUOTED), ("summary", "dataset", SUMMARY)):
        marks = text.count(f"<!-- {kind}:")
        if len(pattern.findall(text)) != marks:
            problem = f"of {marks} marks `<!-- {kind}: ... -->` not all can be read"
            remedy = f"write <!-- {kind}: {mark} --> and <!-- /{kind} --> on lines of their own"
            raise BadInput(problem, text.strip().splitlines()[0], remedy)
    text = SUMMARY.sub(lambda mark: f"{mark[1]}{_read(tables / f'{mark[2]}_summary.md')}{mark[3]}", text)
    return QUOTED.sub(lambda mark: f"{mark[1]}{_excerpt(tables / f'{mark[2]}.md', mark[3])}{mark[4]}", text)


def bibliography(project: Project) -> str:
    """The papers of methods and kinds of noise as BibTeX, each once, by year; authors have family names only.

    A key is family name, year and first word of the title, with a letter from the second paper on that has the same.
    """
    kinds = [kind for _, kind in _noise_kinds(project)]
    papers = [*(kind.paper for _, kind in _method_kinds(project)), *(kind.paper for kind in kinds if kind.paper)]
    once = {(paper.title, paper.year): paper for paper in reversed(papers)}
    entries: dict[str, str] = {}
    for paper in [once[key] for key in sorted(once, key=lambda key: (key[1], key[0]))]:
        key = next(key for key in _citation_keys(paper) if key not in entries)
        entries[key] = _entry(paper, key)
    return "\n".join(entries.values())


def _marks(note: re.Match[str]) -> str:
    return f"<sup>{note[1]}</sup>" if note[1] else ""


def _read(file: Path) -> str:
    if not file.exists():
        raise BadInput("there is no such table", str(file), "name another one, or run `dvc repro` first")
    return file.read_text(encoding="utf-8")


def _excerpt(file: Path, rows: str | None) -> str:
    head, rule, *body = [NOTE.sub(_marks, line) for line in _read(file).splitlines() if line[:1] == "|"]
    if rows is not None:
        by_label = {line.split("|")[1].replace("\\", "").strip(): line for line in body}
        labels = rows.split(", ")
        if missing := [label for label in labels if label not in by_label]:
            raise BadInput(f"no row is named '{missing[0]}'", str(file), f"choose from {', '.join(by_label)}")
        body = [by_label[label] for label in labels]
    return "\n".join([head, rule, *body]) + "\n"


def _datasets(project: Project, records: Mapping[str, Mapping[str, Any]]) -> str:
    """A row per file, and per dataset of the report that the file of another one reads."""
    rows, blocks = [], project.datasets
    files = _names("pipeline.data", blocks)
    again = [name for name in project.shown_datasets if project.dataset(name).source in blocks]
    with_block = [name for name in blocks if name in (*files, *again)]
    for name in [*with_block, *(name for name in files if name not in blocks)]:
        kind = plugins.find("pipeline.data", (blocks[name].source if name in blocks else "") or name, Dataset)
        if name not in blocks:
            rows.append((f"`{name}`", _summary(kind), "yours", "yours", "yours", "you bring them"))
            continue
        dataset, module = configured(project, name), importlib.import_module(kind.__module__)
        sizes = records[name]["sizes"] if name in records else getattr(module, "SIZES", {})
        classes = len(records[name]["classes"]) if name in records else _classes(module, kind)
        split = " / ".join(str(sizes.get(part, 0)) for part in SPLITS) if sizes else "the authors'"
        rows.append(
            (f"`{name}`", f"{dataset.display}: {_summary(kind)}", dataset.task, split, str(classes), _origin(dataset))
        )
    return _markdown(("dataset", "what it is", "views", "train / validation / test", "classes", "files"), rows)


def _origin(dataset: Dataset) -> str:
    """Where the files come from."""
    if dataset.served:
        return "are downloaded"
    return "you bring them" if hasattr(dataset, "folder") else "come with the packages"


def _classes(module: Any, kind: type[Dataset]) -> int:
    return int(getattr(module, "CLASSES", 0)) or len(getattr(kind, "class_names", ()))


def _methods(project: Project, documents: Collection[str]) -> str:
    rows = []
    for name, kind in _method_kinds(project):
        variants = ", ".join(f"`{v}`" for v in project.method(name).variant_names if v != "default")
        source = _cited(kind.paper)
        if f"{name}.md" in documents:
            source = f"[ours]({name}.md), after {source}"
        needs = ", ".join(sorted(need.value for need in kind.needs))
        rows.append((f"`{name}`", f"{kind.display}: {_summary(kind)}", source, needs, variants))
    return _markdown(("method", "what it is", "paper", "needs", "variants"), rows)


def _extractors(project: Project) -> str:
    kinds = {
        name: plugins.find("pipeline.features", name, Extractor)
        for name in _names("pipeline.features", project.extractors)
    }
    rows = [(f"`{name}`", _summary(kind), ", ".join(sorted(kind.accepts))) for name, kind in kinds.items()]
    return _markdown(("extractor", "what it is", "reads"), rows)


def _noises(project: Project) -> str:
    rows = []
    for name, kind in _noise_kinds(project):
        summary = _summary(importlib.import_module(kind.__module__))
        rows.append((f"`{name}`", summary, _cited(kind.paper) if kind.paper else ""))
    return _markdown(("noise", "what it does to the training split", "paper"), rows)


def _cited(paper: Paper) -> str:
    """Authors, venue and year, linked."""
    authors = paper.authors.split(", ")
    names = " and ".join(authors) if len(authors) < 3 else f"{authors[0]} et al."
    return f"[{names}, {paper.venue} {paper.year}]({paper.url})"


def _method_kinds(project: Project) -> Iterable[tuple[str, type[Method]]]:
    for name in _names("pipeline.methods", project.methods):
        yield name, plugins.find("pipeline.methods", name, Method)


def _noise_kinds(project: Project) -> Iterable[tuple[str, type[Noise]]]:
    for name in _names("pipeline.noise", project.noises):
        yield name, plugins.find("pipeline.noise", name, Noise)


def _names(package: str, blocks: Mapping[str, Any]) -> list[str]:
    """All files of a folder: those with a block in the order of the blocks, then the others."""
    files = plugins.names(package)
    return [*(name for name in blocks if name in files), *(name for name in files if name not in blocks)]


def _summary(documented: Any) -> str:
    return _paragraphs(documented)[0]


def _paragraphs(documented: Any) -> list[str]:
    """Of the docstring, each in one line."""
    return [" ".join(paragraph.split()) for paragraph in (inspect.getdoc(documented) or "").split("\n\n")]


def _markdown(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *([cell.replace("|", r"\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _citation_keys(paper: Paper) -> list[str]:
    word = re.findall(r"\w+", paper.title)[0]
    key = f"{paper.authors.split(', ')[0]}{paper.year}{word}".lower()
    return [key, *(key + letter for letter in ascii_lowercase[1:])]


def _entry(paper: Paper, key: str) -> str:
    kind, place = ("article", "journal") if paper.venue.startswith("IEEE") else ("inproceedings", "booktitle")
    fields = {
        "title": f"{{{paper.title}}}",
        "author": " and ".join(paper.authors.split(", ")),
        place: paper.venue,
        "year": str(paper.year),
        "url": paper.url,
    }
    lines = "".join(f"  {field} = {{{value.replace('&', chr(92) + '&')}}},\n" for field, value in fields.items())
    return f"@{kind}{{{key},\n{lines}}}\n"
