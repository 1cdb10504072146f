"""README and docs are true of the project: their tables, commands and links, and the example of a method."""

from __future__ import annotations

import json
import re
import textwrap
import tomllib
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from pipeline.authoring import readme_tables as catalogue
from pipeline.authoring.readme_commands import commands
from pipeline.config.load import parse
from pipeline.core.errors import BadInput
from tests.support.copied import copy_project, run
from tests.support.samples import project

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CATALOGUE = (ROOT / "docs" / "catalogue.md").read_text(encoding="utf-8")
METHODS = (ROOT / "docs" / "add_a_method.md").read_text(encoding="utf-8")
OWN_DATA = (ROOT / "docs" / "own_data.md").read_text(encoding="utf-8")
PAPERS = (ROOT / "docs" / "papers.bib").read_text(encoding="utf-8")
AGAIN = "run `python -m stages.tools.readme` and commit"
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]


def tables() -> dict[str, str]:
    records = ROOT / "reports" / "records" / "datasets"
    made = {file.stem: json.loads(file.read_text()) for file in records.glob("*.json")}
    return catalogue.tables(project(), made, ["witness.md"])


def fenced(language: str) -> str:
    [block] = re.findall(rf"^```{language}\n(.*?)^```$", METHODS, re.MULTILINE | re.DOTALL)
    return block


def test_the_tables_are_what_the_folders_hold() -> None:
    assert catalogue.filled(CATALOGUE, tables()) == CATALOGUE, AGAIN
    assert catalogue.bibliography(project()) == PAPERS, AGAIN


def test_readme_is_a_page_with_a_map_of_the_rooms() -> None:
    assert len(README.splitlines()) <= 180
    rooms = {folder.name for folder in (ROOT / "pipeline").iterdir() if (folder / "__init__.py").exists()}
    table = README.split("## A map of the rooms")[1].split("\n## ")[0]
    mapped = re.findall(
        r"`(\w+)`", " ".join(line.split("|")[1] for line in table.splitlines() if line.startswith("| `"))
    )
    assert sorted(mapped) == sorted(rooms)


def test_every_experiment_that_a_document_names_exists() -> None:
    known = {experiment.name for experiment in project().experiments} | {"my_photos"}
    for document in DOCUMENTS:
        named = set(re.findall(r"EXPERIMENT=(\w+)", document.read_text(encoding="utf-8")))
        assert named <= known, document.name


@pytest.mark.parametrize("folder", ["datasets", "methods", "extractors", "noises"])
def test_every_file_of_a_folder_has_its_row(folder: str) -> None:
    package = {"datasets": "data", "extractors": "features", "noises": "noise"}.get(folder, folder)
    files = {file.stem for file in (ROOT / "pipeline" / package).glob("*.py")} - {"__init__", "base"}
    rows = re.findall(r"^\| `(\w+)` \|", tables()[folder], re.MULTILINE)
    assert Counter(row for row in rows if row in files or folder != "datasets") == Counter(files)


def test_the_report_shows_the_datasets_of_all_experiments() -> None:
    assert set(project().shown_datasets) == {name for each in project().experiments for name in each.datasets}


def test_every_dataset_of_the_report_has_its_row() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", tables()["datasets"], re.MULTILINE)
    assert set(project().shown_datasets) <= set(rows)


def test_the_blocks_of_own_data_can_be_pasted() -> None:
    """The dataset and the experiment as the document writes them; what a user brings is no row of the catalogue."""
    dataset, experiment = re.findall(r"^ {7}((?:- name: )?my_photos:?\n(?: {7,}.*\n)+)", OWN_DATA, re.MULTILINE)
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    params["datasets"] |= yaml.safe_load(textwrap.dedent(" " * 7 + dataset))
    params["experiments"] += yaml.safe_load(textwrap.dedent(" " * 7 + experiment))
    own = parse(params)
    assert own.grids("my_photos")[0].name == "my_photos"
    assert own.reported(own.experiment("my_photos")) == [], "a page of its own"
    assert "`my_photos`" not in catalogue.tables(own, {})["datasets"]


def test_sizes_come_from_the_records_where_there_are_some() -> None:
    record = {"emoji": {"sizes": {"train": 7, "valid": 5, "test": 3}, "classes": ["a", "b"]}}
    assert "| 7 / 5 / 3 | 2 | come with the packages |" in catalogue.tables(project(), record)["datasets"]
    assert "| 32000 / 4000 / 4000 | 200 | you bring them |" in catalogue.tables(project(), {})["datasets"]


QUOTE = "Before.\n<!-- table: maps; rows: Ours (no_em), CE -->\nold\n<!-- /table -->\nAfter.\n"


def test_a_document_quotes_rows_of_the_report(tmp_path: Path) -> None:
    head, mrl = "| method | 0.2 |\n|:--|--:|\n", "| MRL | .6 |\n"
    table = f"**Maps.**\n\n{head}| CE<sup>a</sup> | .5<sup>≈</sup> |\n{mrl}| Ours (no\\_em) | .7 |\n"
    (tmp_path / "maps.md").write_text(f"{table}\n- <sup>a</sup> why\n", encoding="utf-8")
    printed = catalogue.quoted(QUOTE, tmp_path)
    rows = f"{head}| Ours (no\\_em) | .7 |\n| CE | .5<sup>≈</sup> |\n"
    assert printed == QUOTE.replace("old\n", rows)
    assert catalogue.quoted(printed, tmp_path) == printed
    assert mrl in catalogue.quoted(QUOTE.replace("; rows: Ours (no_em), CE", ""), tmp_path)


def test_marks_stay_where_letters_of_footnotes_go(tmp_path: Path) -> None:
    rows = "| CE | .5<sup>†a</sup> | .4<sup>ab</sup> | .3<sup>†≈b</sup> | .2<sup>≈</sup> |\n"
    (tmp_path / "maps.md").write_text(f"| method |\n|:--|\n{rows}", encoding="utf-8")
    printed = catalogue.quoted(QUOTE.replace("Ours (no_em), CE", "CE"), tmp_path)
    assert "| CE | .5<sup>†</sup> | .4 | .3<sup>†≈</sup> | .2<sup>≈</sup> |\n" in printed


@pytest.mark.parametrize("typed", ["<!-- table: maps, rows: CE -->", "<!-- table: maps-->", "<!-- table:maps -->"])
def test_a_mark_that_cannot_be_read_is_refused(tmp_path: Path, typed: str) -> None:
    text = QUOTE.replace("<!-- table: maps; rows: Ours (no_em), CE -->", typed)
    with pytest.raises(BadInput, match=r"of 1 marks .* not all can be read"):
        catalogue.quoted(text, tmp_path)


def test_a_document_says_what_the_page_says(tmp_path: Path) -> None:
    text = "Before.\n<!-- summary: emoji -->\n- old\n<!-- /summary -->\nAfter.\n"
    (tmp_path / "emoji_summary.md").write_text("- CE is best.\n- It reaches .5.\n", encoding="utf-8")
    assert catalogue.quoted(text, tmp_path) == text.replace("- old\n", "- CE is best.\n- It reaches .5.\n")
    with pytest.raises(BadInput, match=r"mnist3d_summary\.md: there is no such table"):
        catalogue.quoted(text.replace("emoji", "mnist3d"), tmp_path)
    with pytest.raises(BadInput, match=r"of 1 marks `<!-- summary: \.\.\. -->` not all can be read"):
        catalogue.quoted(text.replace("emoji -->", "emoji; -->"), tmp_path)


def test_what_cannot_be_quoted_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"maps\.md: there is no such table"):
        catalogue.quoted(QUOTE, tmp_path)
    (tmp_path / "maps.md").write_text("| method | 0.2 |\n|:--|--:|\n| CE | .5 |\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"no row is named 'Ours \(no_em\)'; choose from CE"):
        catalogue.quoted(QUOTE, tmp_path)


def test_a_table_without_its_place_is_named() -> None:
    with pytest.raises(
        BadInput, match=r"docs/catalogue.md: the place of the table 'methods' is not marked; put <!-- methods"
    ):
        catalogue.filled("<!-- methods -->\n", {"methods": ""})


def test_every_paper_is_cited_once_under_a_key_of_its_own() -> None:
    keys = re.findall(r"^@\w+\{(\w+),$", PAPERS, re.MULTILINE)
    assert len(keys) == len(set(keys)) == PAPERS.count("\n  title = {{")
    assert {"hu2021learning", "kan2012multi", "kan2016multi", "feng2023rono", "patrini2017making"} <= set(keys)


def test_every_command_of_readme_exists() -> None:
    verbs = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for command in commands(README):
        made = re.match(r"make (?:[A-Z]+=\S+ )*([a-z-]+)", command.line)
        called = re.match(r"\.venv/bin/python -m ([\w.]+)", command.line)
        assert made or called, command.line
        assert not made or made[1] in verbs, command.line
        assert not called or find_spec(called[1]), command.line


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: file.name)
def test_links_lead_somewhere(document: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", document.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if not link.startswith("https://")]
    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: file.name)
def test_files_of_the_project_that_a_document_names_exist(document: Path) -> None:
    named = re.findall(r"`((?:pipeline|stages|tests|docs)/[\w/.]+)`", document.read_text(encoding="utf-8"))
    allowed = {"pipeline/methods/sce.py", "pipeline/methods/my_method.py", "tests/methods/test_my_method.py"}
    assert [file for file in named if file not in allowed and not (ROOT / file).exists()] == []
    modules = re.findall(r"-m (stages\.[\w.]+)", document.read_text(encoding="utf-8"))
    assert [module for module in modules if find_spec(module) is None] == []


def test_the_example_is_short_and_keeps_every_promise(tmp_path: Path) -> None:
    code, block = fenced("python"), fenced("yaml")
    [name] = yaml.safe_load(block)
    assert len(code.splitlines()) <= 40
    assert f"`pipeline/methods/{name}.py`" in METHODS
    copy = copy_project(tmp_path / "project")
    (copy / "pipeline" / "methods" / f"{name}.py").write_text(code, encoding="utf-8")
    settings = copy / "params.yaml"
    settings.write_text(settings.read_text(encoding="utf-8").rstrip() + "\n" + block, encoding="utf-8")
    run(copy, "ruff", "check", f"pipeline/methods/{name}.py")
    run(copy, "ruff", "format", "--check", f"pipeline/methods/{name}.py")
    run(copy, "pytest", "tests/contracts/test_method_contract.py", "-k", f"{name} or blocks_match")


def test_the_citation_is_of_this_project() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    package = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert (cited["version"], cited["license"]) == (package["version"], package["license"])
    assert {"cff-version", "message", "title", "authors", "type"} <= set(cited)
    assert cited["cff-version"] == "1.2.0"
    assert f"# {cited['title']}\n" in README
