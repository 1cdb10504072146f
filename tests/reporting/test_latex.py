"""The LaTeX tables go through a real TeX, where there is one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.whole_report import write_report

ROOT = Path(__file__).parents[2]
FLAGS = ("-halt-on-error", "-interaction=nonstopmode")
ENGINES = {"pdflatex": FLAGS, "lualatex": FLAGS, "xelatex": FLAGS, "tectonic": ("--only-cached",)}
PREAMBLE = r"""\documentclass{article}
\usepackage[paperwidth=200cm,paperheight=100cm]{geometry}
\usepackage{booktabs}
\begin{document}
"""


def compiled(folder: Path, tables: list[Path]) -> subprocess.CompletedProcess[str]:
    """A document with one table per page."""
    engine = next((name for name in ENGINES if shutil.which(name)), None)
    if engine is None:
        pytest.skip(f"no TeX on this machine: install one of {', '.join(ENGINES)}")
    pages = [table.read_text(encoding="utf-8") + "\\clearpage\n" for table in tables]
    (folder / "tables.tex").write_text(PREAMBLE + "".join(pages) + "\\end{document}\n", encoding="utf-8")
    command = [engine, *ENGINES[engine], "tables.tex"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", check=False)


def test_every_kind_of_table_compiles(tmp_path: Path) -> None:
    made = sorted((write_report(tmp_path / "report") / "tables").glob("*.tex"))
    assert sum(table.read_text(encoding="utf-8").count(r"\begin{table}") for table in made) > 15
    run = compiled(tmp_path, made)
    assert run.returncode == 0, run.stdout[-2000:]
    assert (tmp_path / "tables.pdf").stat().st_size > 10_000


def test_the_committed_tables_compile(tmp_path: Path) -> None:
    run = compiled(tmp_path, sorted((ROOT / "reports" / "tables").glob("*.tex")))
    assert run.returncode == 0, run.stdout[-2000:]


def test_a_table_that_is_broken_is_told(tmp_path: Path) -> None:
    file = tmp_path / "broken.tex"
    file.write_text("\\begin{table}\\begin{tabular}{l}a & b \\\\ \\end{tabular}\\end{table}\n", encoding="utf-8")
    assert compiled(tmp_path, [file]).returncode != 0
