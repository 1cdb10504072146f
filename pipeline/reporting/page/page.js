"use strict";
{
  const page = document.documentElement;
  const status = document.getElementById("status");

  // Light or dark: as the system has it until the button says otherwise.
  const theme = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const dark = () => (page.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  const show = () => theme.setAttribute("aria-pressed", String(dark()));
  theme.addEventListener("click", () => {
    page.dataset.theme = dark() ? "light" : "dark";
    try { localStorage.setItem("theme", page.dataset.theme); } catch {}
    show();
  });
  system.addEventListener("change", show);
  show();

  // One method pointed out: its rows and lines stand, other lines fade.
  const rules = document.head.appendChild(document.createElement("style"));
  const follow = document.getElementById("follow");
  const fade = (within, method) => `${within} [data-method]:not([data-method="${method}"]) { opacity: .13; }`;
  const pointOut = (hovered, figure) => {
    const chosen = follow.value;
    const rows = chosen ? `tbody tr:has(> th a[href="#method-${chosen}"]) > * { background: var(--follow); }` : "";
    rules.textContent = rows + (hovered ? fade(`#${figure}`, hovered) : chosen ? fade("svg", chosen) : "");
  };
  follow.addEventListener("change", () => pointOut());
  for (const svg of document.querySelectorAll("figure svg")) {
    const figure = svg.closest("figure").id;
    svg.addEventListener("pointerover", (event) => {
      const method = event.target.closest("[data-method]")?.dataset.method;
      pointOut(method, figure);
    });
    svg.addEventListener("pointerleave", () => pointOut());
  }
  document.querySelector(".bar").hidden = false;

  // Tables sort by any column: falling, rising, as they came; names the other way round. Absent cells come last.
  const value = (row, column) => {
    const cell = row.cells[column];
    if (column === 0) return cell.textContent.toLowerCase();
    if (cell.className === "best") return 0;
    return cell.className ? null : parseFloat(cell.textContent.replace("−", "-"));
  };
  const compare = (a, b, sign) => {
    if (a === null || b === null) return (a === null) - (b === null);
    return sign * (a < b ? -1 : a > b ? 1 : 0);
  };
  for (const table of document.querySelectorAll("table:not(.grouped)")) {
    const body = table.tBodies[0];
    const asTheyCame = [...body.rows];
    const heads = [...table.tHead.querySelectorAll('th[scope="col"]')];
    if (asTheyCame.length < 2) continue;
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        const order = column ? ["none", "descending", "ascending"] : ["none", "ascending", "descending"];
        const next = order[(order.indexOf(head.getAttribute("aria-sort")) + 1) % 3];
        for (const other of heads) other.setAttribute("aria-sort", "none");
        head.setAttribute("aria-sort", next);
        const rows = [...asTheyCame];
        const sign = next === "ascending" ? 1 : -1;
        if (next !== "none") rows.sort((a, b) => compare(value(a, column), value(b, column), sign));
        body.append(...rows);
        status.textContent = next === "none" ? "As the table came." : `Sorted by ${head.textContent}, ${next}.`;
      });
    });
  }
}
