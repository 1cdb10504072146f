"""Records + project -> everything under reports/ that people read."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from joblib import cpu_count

from pipeline.core.readouts import MATCH
from pipeline.records.reader import Records
from pipeline.reporting.page.overview import Contest, picture, sentences
from pipeline.reporting.page.page import Chapter, Page, findings, render
from pipeline.reporting.page.section import Section
from pipeline.reporting.page.sections import Study, further_section, main_sections
from pipeline.reporting.published.notes import as_noted, read_notes, to_beat
from pipeline.reporting.published.publications import as_printed, read
from pipeline.reporting.published.verdict import verdicts
from pipeline.reporting.results.exports import map_against_rate, metrics
from pipeline.reporting.results.report_scope import Subject
from pipeline.reporting.results.results import Results
from pipeline.reporting.tables import formats
from pipeline.reporting.tables.claims import endpoints_table, primary
from pipeline.reporting.tables.costs import Costs
from pipeline.reporting.tables.costs import machine as describe
from pipeline.reporting.tables.costs import read as read_costs
from pipeline.reporting.tables.receipts import receipts
from pipeline.reporting.tables.tuning import tuning

_FOLDERS = ("tables", "figures", "plots")


def build_report(
    records: Path, out: Path, subject: Subject, costs: Path | None = None, machine: Path | None = None
) -> None:
    """Write tables/, figures/, plots/, metrics.json and index.html under out; the same records, the same bytes.

    records: its folder; costs, machine: the files that pipeline.runs.costs writes, for the tables of costs.
    Nothing is written before everything is made; files of an earlier report that this one lacks are removed.
    """
    reader = Records(records)
    every = [Results(reader, scope) for scope in subject.scopes()]
    page = _page(reader, every, subject, read_costs(costs) if costs else {}, describe(machine) if machine else None)
    files = {f"tables/{table.name}.md": formats.markdown(table) for table in page.tables()}
    files |= {f"tables/{table.name}.csv": formats.tidy(table) for table in page.tables()}
    for name, tables in page.tables_by_file().items():
        files[f"tables/{name}.tex"] = "\\clearpage\n".join(map(formats.latex, tables))
    for chapter in page.chapters:
        lines = [f"- {sentence}\n" for sentence in chapter.sentences]
        files |= {f"tables/{chapter.results.dataset.name}_summary.md": "".join(lines)} if lines else {}
    files |= {f"figures/{figure.name}.svg": figure.svg for figure in page.figures()}
    files["index.html"] = render(page)
    files["metrics.json"] = metrics(every)
    files["plots/map_vs_rate.csv"] = map_against_rate(every)
    _write(files, out)


def _page(reader: Records, every: list[Results], subject: Subject, costs: Costs, machine: str | None) -> Page:
    publications, protocols = read()
    notes, rivals = read_notes()
    studies = {
        results: Study(
            reader,
            results.scope,
            [noise for noise in results.scope.noises if results.has_numbers(noise)],
            publications,
            protocols,
            costs,
            machine if costs else None,
        )
        for results in every
    }
    sections = _sections(studies)
    mains = [results for results in every if not results.scope.further]
    claims = primary(reader, [results.dataset.name for results in mains], MATCH)
    contests = {results: Contest.of(reader, results) for results in mains}
    chapters = []
    for results in mains:
        further = [other for other in every if other.scope.further and other.dataset == results.dataset]
        folded = [section for other in further for section in sections[other]]
        name = results.dataset.name
        last = [Section(f"{name}-further", "Further kinds of noise", folded=folded)] if folded else []
        chapters.append(
            Chapter(
                results=results,
                further=[other for other in further if other.has_numbers()],
                sentences=sentences(reader, contests[results], claims),
                findings=findings(results, studies[results].noises),
                sections=[*sections[results], *last],
                receipts=[receipts(other) for other in (results, *further) if other.receipts and other.clean],
                viewer=name in subject.project.experiments[0].datasets and results.has_numbers(),
            )
        )
    return Page(
        methods=subject.methods,
        picture=picture(list(contests.values())),
        claims=endpoints_table(reader, mains),
        chapters=chapters,
        tuning=tuning(reader, subject.project, subject.methods),
        tuned_on=subject.project.tuning.dataset if subject.project.tuning else None,
        published=[(publication, as_printed(publication, protocols)) for publication in publications],
        to_beat=to_beat(rivals, publications, notes, protocols),
        notes=[(note, as_noted(note, protocols)) for note in notes],
        verdicts=verdicts(publications, protocols, [chapter.results for chapter in chapters]),
    )


def _sections(studies: Mapping[Results, Study]) -> dict[Results, list[Section]]:
    """Build the sections of every experiment in parallel processes, since drawing is slow.

    A main experiment gets all of its sections, a further one a single section per kind of noise.
    """
    with ProcessPoolExecutor(max(1, min(len(studies), cpu_count()))) as pool:
        main = {
            results: pool.submit(main_sections, study)
            for results, study in studies.items()
            if not results.scope.further
        }
        further = {
            results: [
                pool.submit(further_section, Study(study.records, study.scope, [noise])) for noise in study.noises
            ]
            for results, study in studies.items()
            if results.scope.further
        }
        return {results: job.result() for results, job in main.items()} | {
            results: [job.result() for job in jobs] for results, jobs in further.items()
        }


def _write(files: Mapping[str, str], out: Path) -> None:
    for folder in _FOLDERS:
        (out / folder).mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (out / name).write_bytes(content.encode())
    for folder in _FOLDERS:
        for path in (out / folder).iterdir():
            if path.relative_to(out).as_posix() not in files:
                path.unlink()
