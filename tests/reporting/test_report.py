"""The whole report: same records, same bytes; a page that stands on its own."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from pipeline.core.errors import BadInput
from pipeline.records.cells import CELLS
from pipeline.reporting.page.build import build_report
from pipeline.reporting.results.report_scope import Subject
from tests.reporting.conftest import DATASETS, METHODS, PARAMS, RONO, project, write_records
from tests.support.whole_report import ALL, report_of, write_report

VOID = {"meta", "link", "br", "img", "hr", "input"}


class Page(HTMLParser):
    """Collects attributes and checks that every tag is closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attributes]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attributes]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def text(out: Path) -> str:
    return (out / "index.html").read_text(encoding="utf-8")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_records_give_the_same_bytes_and_stale_files_go(out: Path) -> None:
    before = contents(out)
    (out / "tables" / "stale.md").write_text("from an earlier report")
    report_of(out.parent / "records", out)
    assert contents(out) == before


def test_the_page_parses_and_its_ids_are_unique(text: str) -> None:
    page = Page(text)
    assert page.open == []
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    targets = {value[1:] for _, name, value in page.attributes if name.endswith("href") and value.startswith("#")}
    assert targets <= set(ids)


def test_the_page_needs_no_network(text: str) -> None:
    for tag, name, value in Page(text).attributes:
        if name in ("src", "srcset", "data", "poster") or (name.endswith("href") and tag != "a"):
            assert value.startswith("#"), f"<{tag} {name}={value}>"
    assert not re.search(r"@import|url\((?!#)|<link|fetch\(|XMLHttpRequest|\bimport\(", text)


def test_the_page_says_what_it_must(text: str) -> None:
    assert "0 of 534 published cells reproduced" in text
    assert "as published, not run here" in text
    assert "CC-BY 4.0" in text
    assert "an oracle" in text
    assert "No result yet: nothing on this dataset has been run." in text
    assert "Emoji, Later: 8 cells\nnot run (no record of this cell: it has not been run yet)." in text
    assert "needs exactly two views &amp; a label_K" in text
    assert "The paper of MRL &amp; co" in text
    assert "From symmetric label noise at rate 0.2 to 0.8, CE loses .252" in text
    assert "At symmetric noise rate 0.8, MRL has the highest MAP" not in text, "findings give way to sentences"
    assert (
        "1338 training, 200 validation and 360 test pairs. Noise: symmetric at rates 0.2, 0.8; seeds 0, 1, 2." in text
    )


def test_published_numbers_of_other_protocols_are_labelled(text: str) -> None:
    published = text.split('<h2 id="published">')[1]
    beaten, noted = published.split('<h3 id="to-beat">')[1].split('<h3 id="noted">')
    assert 'id="table-published_to_beat"' in beaten
    assert "<li>Which wrong labels: drawn over all classes, the true one included.</li>" in noted
    assert 'id="table-noted_rfcmh_icml2026_xmedianet"' in noted


def test_names_of_methods_lead_to_their_deviations(text: str) -> None:
    assert '<th scope="row"><a href="#method-mrl">MRL (authors_code)</a>' in text
    assert '<th scope="row"><a href="#method-rono">RONO (authors_code), here</a>' in text
    assert "<em>Deviations from the authors' code:</em> MRL &lt; the code." in text


def test_every_table_and_figure_of_the_page_can_be_taken_along(out: Path, text: str) -> None:
    links = {value for tag, name, value in Page(text).attributes if tag == "a" and name == "href"}
    files = {link for link in links if link.startswith(("tables/", "figures/"))}
    assert files
    assert all((out / link).is_file() for link in files)
    displayed = set(re.findall(r'<figure class="table" id="table-(\w+)"', text))
    assert {f"tables/{name}.{suffix}" for name in displayed for suffix in ("md", "csv")} <= files
    latex = {path.stem: path.read_text(encoding="utf-8") for path in (out / "tables").glob("*.tex")}
    assert set(latex) == {"emoji", "mnist3d_rono", "published"}
    labels = [label for content in latex.values() for label in re.findall(r"\\label\{tab:(\w+)\}", content)]
    assert sorted(labels) == sorted(displayed)
    drawn = set(re.findall(r'<figure id="(\w+)"', text))
    assert {f"figures/{name}.{suffix}" for name in drawn for suffix in ("svg",)} <= files


def test_a_viewer_is_linked_where_a_dataset_of_the_grid_has_numbers(text: str) -> None:
    assert re.findall(r'href="(viewer/[^"]+)"', text) == ["viewer/emoji.html"]


def test_who_tells_wrong_labels_stands_beside_confident_learning(out: Path, text: str) -> None:
    assert '<h3 id="emoji-suspicion">Which labels are wrong?</h3>' in text
    lines = (out / "tables" / "emoji_symmetric_suspicion.csv").read_text(encoding="utf-8").splitlines()
    labels = list(dict.fromkeys(line.split(",")[0] for line in lines[1:]))
    assert labels == ["MRL", "confident learning (cleanlab)"]


def test_both_readouts_are_the_first_table_of_retrieval(text: str) -> None:
    for dataset, noise in (("emoji", "symmetric"), ("mnist3d_rono", "recorded")):
        section = text.split(f'<h3 id="{dataset}-retrieval">')[1]
        assert re.findall(r'<figure class="table" id="table-(\w+)"', section)[0] == f"{dataset}_{noise}_readout"
    assert 'id="emoji-readout"' not in text


def test_the_picture_stands_on_the_page_once(out: Path, text: str) -> None:
    assert text.count('<figure id="overview"') == 1
    assert text.index('<figure id="overview"') < text.index("From symmetric label noise at rate 0.2 to 0.8")
    assert text.index('<figure id="overview"') < text.index('<h3 id="emoji-retrieval">')
    drawn = (out / "figures" / "overview.svg").read_text(encoding="utf-8")
    assert "Emoji" in drawn
    assert "3D-MNIST" not in drawn, "nothing there is read by match probability"
    own = set(re.findall(r'\bid="([^"]+)"', drawn))
    assert own
    for name in own:
        assert text.count(f'id="overview-{name}"') == 1
        assert f'id="{name}"' not in text


def test_costs_stand_with_their_machine_or_are_missed(out: Path, text: str, tmp_path: Path) -> None:
    assert "Measured on: A CPU, 2 cores, 8 GiB of memory; Python 3.11.2, PyTorch 2.13.0, device cpu." in text
    records = write_records(tmp_path / "records")
    build_report(records, tmp_path, Subject(project(), DATASETS, ALL))
    assert not (tmp_path / "tables" / "emoji_costs.md").exists()
    assert "What the runs cost was not recorded" in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_every_dataset_is_shown_on_its_own_grid(out: Path, text: str) -> None:
    tables = {path.stem for path in (out / "tables").glob("mnist3d_rono_*.md")}
    assert tables == {
        f"mnist3d_rono_{name}"
        for name in (
            *("recorded_readout", "recorded_fixed_checkpoint", "recorded_last_epoch", "recorded_robustness"),
            *("recorded_metrics", "noise", "probes", "beside_published"),
        )
    }
    assert "no validation split: nothing is chosen with clean labels. Noise: recorded at rates 0.2, 0.8;" in text
    assert "At recorded noise rate 0.8, RONO (authors_code) has a MAP of .872 (fixed checkpoint," in text
    assert "3D-MNIST: every cell of the grid has a number." in text
    assert "Emoji, RONO (authors_code): 8 cells\nnot run" in text
    assert "own point features" in text
    assert text.count('<dt id="method-rono">RONO</dt>') == 1


def test_a_grid_with_a_method_that_is_not_shown_is_refused(records: Path, tmp_path: Path) -> None:
    few = project(PARAMS | {"report": {"methods": ["mcca", "ce"]}}, methods=["mcca", "ce"])
    with pytest.raises(BadInput, match="the experiment of 'mnist3d_rono' has 'rono', which is not shown"):
        build_report(records, tmp_path / "out", Subject(few, DATASETS, ALL))


def test_figures_follow_the_page_and_stay_small(out: Path, text: str) -> None:
    assert "var(--series-0)" in text
    assert "#1f2429" not in text.split("</style>", 1)[1]
    names = {path.name for path in (out / "figures").iterdir()}
    assert names == {
        "overview.svg",
        "emoji_symmetric_map.svg",
        "emoji_symmetric_ranks.svg",
        "emoji_symmetric_precision_recall.svg",
        "emoji_symmetric_memorisation.svg",
        "mnist3d_rono_recorded_map.svg",
    }


def test_metrics_and_plot_hold_raw_numbers(out: Path) -> None:
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["emoji"]["symmetric"]["CE"] == {"0.2": 0.456, "0.8": 0.204}
    assert list(metrics["emoji"]["symmetric"]) == ["MCCA", "CE", "MRL", "SDML"]
    assert metrics["mnist3d_rono"]["recorded"] == {"RONO (authors_code)": {"0.2": 0.9598, "0.8": 0.8722}}
    lines = (out / "plots" / "map_vs_rate.csv").read_text().splitlines()
    assert lines[0] == "dataset,noise,method,direction,criterion,rate,map,std,n"
    assert "emoji,symmetric,MCCA,image->text,best_validation,0.2,0.31,,1" in lines


def test_without_any_record_the_page_says_so(tmp_path: Path) -> None:
    build_report(tmp_path / "none", tmp_path / "out", Subject(project(), DATASETS, ALL))
    text = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert text.count("No result yet") == 3
    assert (tmp_path / "out" / "metrics.json").read_text() == "{}\n"


def test_a_broken_record_stops_the_report_before_anything_is_written(records: Path, tmp_path: Path) -> None:
    CELLS.file(records, "emoji").write_text("nonsense\n")
    with pytest.raises(BadInput, match=r"cells/emoji\.csv, line 1"):
        build_report(records, tmp_path / "out", Subject(project(), DATASETS, ALL))
    assert not (tmp_path / "out").exists()


def test_a_listed_name_that_nobody_describes_is_refused(records: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nothing is known of 'later'"):
        build_report(records, tmp_path / "out", Subject(project(), DATASETS, [*METHODS[:-1], RONO]))


def test_without_true_labels_what_needs_them_is_left_out(tmp_path: Path) -> None:
    records = write_records(tmp_path / "records")
    file = records / "datasets" / "emoji.json"
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | {"clean": False}), encoding="utf-8")
    names = [info.name for info in METHODS]
    displayed = project(PARAMS | {"report": {"datasets": ["emoji"], "methods": names}}, methods=names)
    build_report(records, tmp_path / "out", Subject(displayed, DATASETS[:1], METHODS))
    names = {path.stem for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert "emoji_symmetric_best_validation" in names
    assert not names & {"emoji_noise", "emoji_probes", "emoji_symmetric_memorisation"}
    table = (tmp_path / "out" / "tables" / "emoji_symmetric_best_validation.md").read_text(encoding="utf-8")
    assert "The true labels are not known" in table
    assert "oracle" not in table
    assert "True labels are not known" in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
