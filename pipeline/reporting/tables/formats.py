"""A table as Markdown, LaTeX, HTML and tidy CSV."""

from __future__ import annotations

import csv
import io
import re
from html import escape

from pipeline.reporting.tables.table import Absent, Printed, Row, Table, arrows, typeset

_TEX = {
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "→": r"$\rightarrow$",
    "±": r"$\pm$",
    "−": "$-$",
    "–": "--",
    "†": r"\dag{}",
    "≈": r"$\approx$",
    "≤": r"$\leq$",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
}


def markdown(table: Table) -> str:
    """Markdown has one line of heads: levels are stacked in it, those that never vary are left out."""
    rows, notes = typeset(table)
    telling = [level for level in range(len(table.levels)) if len({c.heads[level] for c in table.columns}) > 1]
    heads = ["<br>".join(_md(arrows(column.heads[level])) for level in telling) for column in table.columns]
    lines = [f"**{_md(table.title)}.** {_md(table.caption)}", ""]
    lines += [_md_row([table.stub, *heads]), "|:--|" + "--:|" * len(heads)]
    lines += [_md_row([_md(row.label) + _sup(mark), *map(_md_cell, cells)]) for row, mark, cells in rows]
    listed = [f"- {_sup(mark)} {_md(text)}" for mark, text in notes] + [f"- {_md(text)}" for text in table.notes]
    return "\n".join([*lines, "", *listed, ""] if listed else [*lines, ""])


def latex(table: Table) -> str:
    """A booktabs table; needs the packages booktabs and, for Unicode method names, a Unicode engine."""
    rows, notes = typeset(table)
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{_tex(table.title)}. {_tex(table.caption)}}}",
        rf"\label{{tab:{table.name}}}",
    ]
    lines += [rf"\begin{{tabular}}{{l{'r' * len(table.columns)}}}", r"\toprule"]
    for level in range(len(table.levels)):
        last = level == len(table.levels) - 1
        spans = table.spanners(level)
        cells = [_tex(head) if last else rf"\multicolumn{{{width}}}{{c}}{{{_tex(head)}}}" for head, width in spans]
        lines.append(" & ".join([_tex(table.stub) if last else "", *cells]) + r" \\")
        if not last:
            lines.append(_cmidrules([width for _, width in spans]))
    lines.append(r"\midrule")
    lines += [
        " & ".join([_tex(row.label) + _tex_mark(mark), *map(_tex_cell, cells)]) + r" \\" for row, mark, cells in rows
    ]
    lines += [r"\bottomrule", r"\end{tabular}"]
    below = [f"{_tex_mark(mark)} {_tex(text)}" for mark, text in notes] + [_tex(text) for text in table.notes]
    if below:
        lines += ["", r"\medskip", r"\footnotesize", *[f"{text}\\par" for text in below]]
    return "\n".join([*lines, r"\end{table}", ""])


def html(table: Table) -> str:
    """A figure: caption, the table in a box that scrolls sideways, footnotes; names of methods lead to their papers."""
    rows, notes = typeset(table)
    depth, name = len(table.levels), escape(table.name)
    lines = [
        f'<figure class="table" id="table-{name}">',
        f'<figcaption id="caption-{name}"><strong>{escape(table.title)}.</strong> {escape(table.caption)}</figcaption>',
    ]
    lines += [f'<div class="scroll" role="region" aria-labelledby="caption-{name}" tabindex="0">']
    kind = ' class="grouped"' if table.grouped else ""
    lines += [f'<table{kind} aria-labelledby="caption-{name}">', "<thead>"]
    for level in range(depth):
        last = level == depth - 1
        stub = f'<th scope="col" rowspan="{depth}">{escape(table.stub)}</th>' if level == 0 else ""
        heads = [
            f'<th scope="col">{escape(head)}</th>'
            if last
            else f'<th scope="colgroup" colspan="{n}">{escape(head)}</th>'
            for head, n in table.spanners(level)
        ]
        lines.append(f"<tr>{stub}{''.join(heads)}</tr>")
    lines += ["</thead>", "<tbody>"]
    for row, mark, cells in rows:
        head = f'<th scope="row">{_linked(row)}{_sup(mark)}</th>'
        lines.append(f"<tr>{head}{''.join(map(_html_cell, cells))}</tr>")
    lines += ["</tbody>", "</table>", "</div>"]
    items = [f"<li>{_sup(mark)} {escape(text)}</li>" for mark, text in notes]
    items += [f"<li>{escape(text)}</li>" for text in table.notes]
    lines += ['<ul class="notes">', *items, "</ul>"] if items else []
    return "\n".join([*lines, "</figure>", ""])


def tidy(table: Table) -> str:
    """CSV with one line per cell: raw numbers, never formatted ones."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(
        [table.stub, *table.levels, "mean", "std", "n", "low", "high", "tied", "deterministic", "state", "note"]
    )
    for row in table.rows:
        for column, cell in zip(table.columns, row.cells, strict=True):
            key = [row.label, *column.heads]
            if isinstance(cell, Absent):
                writer.writerow([*key, "", "", "", "", "", "", "", cell.state, cell.reason])
            else:
                std = "" if cell.std is None else f"{cell.std:.6g}"
                ends = ["", ""] if cell.interval is None else [f"{end:.6g}" for end in cell.interval]
                tied = "" if cell.tied is None else str(cell.tied).lower()
                facts = [*ends, tied, str(cell.deterministic).lower(), "number", cell.note or ""]
                writer.writerow([*key, f"{cell.mean:.6g}", std, cell.n, *facts])
    return buffer.getvalue()


def _sup(mark: str) -> str:
    return f"<sup>{mark}</sup>" if mark else ""


def _md(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", text)


def _md_row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _md_cell(cell: Printed) -> str:
    text = {0: cell.text, 1: f"**{cell.text}**", 2: f"<u>{cell.text}</u>"}[cell.rank]
    return text + (f" {cell.spread}" if cell.spread else "") + _sup(cell.mark)


def _tex(text: str) -> str:
    return "".join(_TEX.get(character, character) for character in text)


def _tex_mark(mark: str) -> str:
    return rf"\textsuperscript{{{_tex(mark)}}}" if mark else ""


def _tex_cell(cell: Printed) -> str:
    text = {0: "{}", 1: r"\textbf{{{}}}", 2: r"\underline{{{}}}"}[cell.rank].format(_tex(cell.text))
    return text + (f" {_tex(cell.spread)}" if cell.spread else "") + _tex_mark(cell.mark)


def _cmidrules(widths: list[int]) -> str:
    starts = [2 + sum(widths[:position]) for position in range(len(widths))]
    return " ".join(rf"\cmidrule(lr){{{start}-{start + n - 1}}}" for start, n in zip(starts, widths, strict=True))


def _linked(row: Row) -> str:
    label = escape(row.label)
    return f'<a href="#{anchor(row.method)}">{label}</a>' if row.method else label


def anchor(method: str) -> str:
    """Where the page tells of a method."""
    return f"method-{method}"


def _html_cell(cell: Printed) -> str:
    text = {0: "{}", 1: "<strong>{}</strong>", 2: "<u>{}</u>"}[cell.rank].format(escape(cell.text))
    spread = f" <small>{cell.spread}</small>" if cell.spread else ""
    state = "" if cell.state == "number" else f' class="{escape(cell.state.replace(" ", "-"))}"'
    return f"<td{state}>{text}{spread}{_sup(cell.mark)}</td>"
