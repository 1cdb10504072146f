"use strict";
const list = document.getElementById("cards"), cards = [...list.children], byId = (id) => document.getElementById(id);
const labels = new Map(cards.map((card) => [card, [...card.querySelectorAll(".label")].map((label) => label.dataset)]));
const store = `suspects/${list.dataset.dataset}/`, person = "suspects/decided by";
let kept = true, current = cards[0];

// What the browser keeps of a sample: the right class, "" where it cannot be told, undefined where nothing is decided
// or the label was another one.
function read(name) {
  try { return localStorage.getItem(name); } catch { kept = false; return null; }
}
function write(name, value) {
  try { value === null ? localStorage.removeItem(name) : localStorage.setItem(name, value); } catch { kept = false; }
}
const given = (card) => labels.get(card).map((label) => label.given);
const decisions = new Map(cards.map((card) => {
  let decision = null;
  try { decision = JSON.parse(read(store + card.dataset.key)); } catch { /* not ours */ }
  const holds = decision && JSON.stringify(decision.given) === JSON.stringify(given(card));
  return [card, holds ? decision.label : undefined];
}));

function show(card) {
  const decided = decisions.get(card), text = card.querySelector("input[type=text]");
  const buttons = [...card.querySelectorAll(".choice")];
  for (const button of buttons) button.setAttribute("aria-pressed", button.dataset.class === decided);
  if (text) text.value = decided && !buttons.some((button) => button.dataset.class === decided) ? decided : "";
  card.classList.toggle("decided", decided !== undefined);
}

function filter() {
  const name = byId("class").value, least = Number(byId("threshold").value), open = byId("open").checked;
  byId("least").textContent = least.toFixed(2);
  for (const card of cards) {
    const inClass = !name || card.dataset.suggested === name || given(card).includes(name);
    const suspicious = labels.get(card).some((label) => Number(label.suspicion) >= least);
    card.hidden = !inClass || !suspicious || (open && decisions.get(card) !== undefined);
  }
  if (current?.hidden) mark(cards.find((card) => !card.hidden));
  count();
}

function count() {
  const visible = cards.filter((card) => !card.hidden).length;
  const decided = cards.filter((card) => decisions.get(card) !== undefined).length;
  const warning = kept ? "" : " This browser keeps no data for this file: download before you close it.";
  byId("count").textContent = `${decided} of ${cards.length} decided, ${visible} shown.${warning}`;
  byId("progress").value = decided;
}

function decide(card, label) {
  decisions.set(card, label);
  write(store + card.dataset.key, label === undefined ? null : JSON.stringify({given: given(card), label}));
  show(card);
  count();
}

function mark(card) {
  current?.classList.remove("current");
  current = card;
  current?.classList.add("current");
}

function go(card) {
  if (!card) return;
  mark(card);
  card.focus({preventScroll: true});
  card.scrollIntoView({block: "start", behavior: "instant"});
}

// The next visible card in a direction, 1 or -1; the current one may be hidden.
function neighbour(step) {
  for (let place = cards.indexOf(current) + step; place in cards; place += step) {
    if (!cards[place].hidden) return cards[place];
  }
}

function table() {
  const rows = [["dataset", "sample", "index", "view", "given", "suggested", "suspicion", "decision", "label", "decided_by"]];
  for (const card of cards) {
    const decided = decisions.get(card);
    if (decided === undefined) continue;
    const perView = labels.get(card);
    for (const {sample, view, given, suspicion} of perView[0].view ? perView : perView.slice(0, 1)) {
      const decision = decided === "" ? "unclear" : decided === given ? "right" : "wrong";
      const {index, suggested} = card.dataset;
      rows.push([list.dataset.dataset, sample, index, view, given, suggested, suspicion, decision, decided, byId("by").value]);
    }
  }
  const quoted = (cell) => /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
  return rows.map((row) => row.map(quoted).join(",") + "\n").join("");
}

list.addEventListener("change", (event) => {
  decide(event.target.closest(".card"), event.target.value.trim() || undefined);
});
list.addEventListener("click", (event) => {
  const card = event.target.closest(".card"), choice = event.target.closest(".choice");
  if (card) mark(card);
  if (choice) decide(card, choice.dataset.class);
  if (event.target.matches(".undo")) decide(card, undefined);
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches("input, select") || !current) return;
  const key = event.key.toLowerCase(), digits = current.querySelectorAll(".choice");
  if (/^[0-9]$/.test(key)) {
    const choice = key === "0" ? digits[digits.length - 1] : [...digits].slice(0, -1)[Number(key) - 1];
    if (!choice) return;
    decide(current, choice.dataset.class);
    go(neighbour(1));
  } else if (key === "arrowright" || key === "j") go(neighbour(1));
  else if (key === "arrowleft" || key === "k") go(neighbour(-1));
  else if (key === "u") decide(current, undefined);
  else if (key === "o" && current.querySelector("input")) current.querySelector("input").focus();
  else return;
  event.preventDefault();
});
for (const id of ["class", "open"]) byId(id).addEventListener("change", filter);
byId("threshold").addEventListener("input", filter);
byId("truth")?.addEventListener("change", (event) => list.classList.toggle("truth", event.target.checked));
byId("by").value = read(person) ?? "";
byId("by").addEventListener("change", (event) => write(person, event.target.value.trim()));
byId("download").addEventListener("click", () => {
  const link = document.createElement("a");
  link.href = `data:text/csv;charset=utf-8,${encodeURIComponent(table())}`;
  link.download = `${list.dataset.dataset}-decisions.csv`;
  link.click();
});
cards.forEach(show);
filter();
mark(cards.find((card) => decisions.get(card) === undefined) ?? cards[0]);
if (current !== cards[0]) go(current);
