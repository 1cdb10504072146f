const controls = ["direction", "noise", "a", "b", "class", "differ"].map(name => document.getElementById(name));
const chosen = name => document.getElementById(name).value;
const data = await unpacked(document.getElementById("packed").textContent);

async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).json();
}

function element(tag, className, ...children) {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...children);
  return made;
}

function thumbnail(view, row) {
  const template = document.createElement("template");
  template.innerHTML = data.samples[view][row];
  return template.content;
}

function result(view, row, rank, right) {
  const sign = element("span", right ? "sign right" : "sign wrong", right ? "✓ right" : "✗ wrong");
  const head = element("p", "head", element("span", "rank", `${rank}.`), sign);
  const name = element("p", "class", data.classes[data.labels[row]]);
  return element("li", right ? "card right" : "card wrong", head, thumbnail(view, row), name);
}

function ranking(side, method, view, rows, label) {
  const right = rows.map(row => data.labels[row] === label);
  const title = element("h3", "", `${side}: ${method.label} `);
  title.append(element("span", "soft", `${right.filter(Boolean).length} of ${rows.length} right`));
  const results = rows.map((row, place) => result(view, row, place + 1, right[place]));
  return element("div", "ranking", title, element("ol", "cards", ...results));
}

function show() {
  const direction = document.getElementById("direction").selectedIndex;
  const [from, to] = data.directions[direction];
  const noise = document.getElementById("noise").selectedIndex;
  const sides = [["A", chosen("a")], ["B", chosen("b")]].map(([side, name]) => {
    const method = data.methods[name];
    return {side, method, ranks: data.tables[method.tables[noise]][direction]};
  });
  const onlyClass = chosen("class");
  const differ = document.getElementById("differ").checked;
  const queries = [];
  const first = [0, 0];
  let ofClass = 0;
  data.queries.forEach((row, position) => {
    const label = data.labels[row];
    if (onlyClass && data.classes[label] !== onlyClass) return;
    const right = sides.map(({ranks}) => data.labels[ranks[position][0]] === label);
    ofClass += 1;
    right.forEach((is, side) => { first[side] += is; });
    if (differ && !(right[0] && !right[1])) return;
    const card = element("div", "asked", element("h2", "", `Query ${position + 1}: class ${data.classes[label]}`));
    card.append(thumbnail(from, row));
    queries.push(element("section", "query", card, ...sides.map(
      ({side, method, ranks}) => ranking(side, method, to, ranks[position], label))));
  });
  document.getElementById("queries").replaceChildren(...queries);
  const free = [...new Set(sides.map(({method}) => method).filter(method => method.label_free))];
  document.getElementById("count").textContent =
    `${queries.length} of ${data.queries.length} queries shown. ` +
    `Rank 1 is right for ${first[0]} of ${ofClass} with A, for ${first[1]} with B.` +
    free.map(method => ` ${method.label} sees no labels: the same at every noise rate.`).join("");
}

function remember() {
  const hash = new URLSearchParams(controls.map(
    control => [control.id, control.type === "checkbox" ? Number(control.checked) : control.value]));
  history.replaceState(null, "", `#${hash}`);
}

function recall() {
  const hash = new URLSearchParams(location.hash.slice(1));
  for (const control of controls) {
    const value = hash.get(control.id);
    if (control.type === "checkbox") control.checked = value === "1";
    else if ([...control.options].some(option => option.value === value)) control.value = value;
  }
}

document.querySelector("form").addEventListener("change", () => { show(); remember(); });
document.querySelector("form").addEventListener("submit", event => event.preventDefault());
addEventListener("hashchange", () => { recall(); show(); });
recall();
show();
