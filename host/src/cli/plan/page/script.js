"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const { plan, modules, symbols } = data;
// The symbols that are added to the list at once.
const STEP = 200;
let shown = STEP;

const byId = (id) => document.getElementById(id);

/** Makes an element. Texts are never read as HTML. */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

const number = (value) => value.toLocaleString("en");
const counted = (count, what) => `${number(count)} ${what}${count === 1 ? "" : "s"}`;
const hex = (value) => `0x${value.toString(16)}`;

function bytes(count) {
  if (count < 1024) return `${count} B`;
  if (count < 1024 * 1024) return `${(count / 1024).toFixed(1)} KiB`;
  return `${(count / 1024 / 1024).toFixed(1)} MiB`;
}

/** Returns the colour of a module, the same in every part of the page. */
const colour = (index) => `hsl(${(index * 137.5 + 210) % 360} 55% 55%)`;

const swatch = (background) =>
  element("span", { class: "swatch", style: `background: ${background}`, "aria-hidden": "true" });

const hashOf = (state) => `#${new URLSearchParams(state)}`;
const link = (text, state) => element("a", { href: hashOf(state) }, text);
const moduleLink = (index) => link(modules[index].name, { module: modules[index].name });

// What the search, the filters and the list look at. The data leaves out what most symbols have.
for (const symbol of symbols) {
  symbol.shown = symbol.demangled ?? symbol.name;
  symbol.module ??= "env";
  symbol.provider ??= "module";
  symbol.type = data.types[symbol.type];
  symbol.kind = symbol.type.startsWith("(") ? "function" : symbol.type.includes("global") ? "data" : "other";
  const weak = new Set(symbol.weak);
  symbol.definers = (symbol.definers ?? []).map((module) => ({ module, weak: weak.has(module) }));
  symbol.users ??= [];
  symbol.text = `${symbol.name} ${symbol.shown}`.toLowerCase();
  symbol.isInterposed = symbol.definers.length > 1;
  const [first] = symbol.definers;
  symbol.isUsed = symbol.users.some((user) => user !== first?.module);
}
const named = new Map(symbols.map((symbol) => [symbol.name, symbol]));

const STATES = {
  used: (symbol) => symbol.isUsed,
  interposed: (symbol) => symbol.isInterposed,
  weak: (symbol) => symbol.provider === "undefined" || symbol.definers.some((definer) => definer.weak),
  missing: (symbol) => symbol.provider === "undefined",
  host: (symbol) => symbol.provider === "host",
};

function matches(symbol, filter) {
  const is = (index, name) => modules[index].name === name;
  return (
    symbol.text.includes(filter.q.toLowerCase()) &&
    (STATES[filter.state]?.(symbol) ?? true) &&
    (!filter.kind || symbol.kind === filter.kind) &&
    (!filter.definer || isDefinedBy(symbol, filter.definer)) &&
    (!filter.user || symbol.users.some((user) => is(user, filter.user)))
  );
}

function isDefinedBy(symbol, name) {
  if (symbol.provider === "host") return name === HOST;
  return symbol.definers.some((definer) => modules[definer.module].name === name);
}

// The name of the host in links. No module has an empty name.
const HOST = " ";

/** Returns the cell that says who defines a symbol. */
function definers(symbol) {
  if (symbol.provider === "host") return ["the host"];
  if (symbol.provider === "process") return ["the process"];
  if (symbol.provider === "undefined") return ["nothing", element("span", { class: "tag" }, "weak")];
  const [first, ...others] = symbol.definers;
  const cell = [moduleLink(first.module)];
  if (first.weak) cell.push(element("span", { class: "tag" }, "weak"));
  if (others.length > 0) cell.push(element("span", { class: "tag" }, `+${others.length} interposed`));
  return cell;
}

function users(symbol) {
  if (symbol.users.length > 4) return [counted(symbol.users.length, "module")];
  return symbol.users.flatMap((user, position) => (position ? [", ", moduleLink(user)] : [moduleLink(user)]));
}

function row(symbol) {
  const name = link(symbol.shown, { ...filters(), symbol: symbol.name });
  return element(
    "tr",
    {},
    element("td", { class: "name" }, name),
    element("td", { class: "wide name" }, symbol.type),
    element("td", {}, ...definers(symbol)),
    element("td", {}, ...users(symbol)),
  );
}

const FILTERS = ["q", "state", "kind", "definer", "user"];

/** Returns the filters that are set. */
function filters() {
  const set = FILTERS.map((id) => [id, byId(id).value]).filter(([, value]) => value !== "");
  return Object.fromEntries(set);
}

function list() {
  const filter = { q: "", ...filters() };
  const found = symbols.filter((symbol) => matches(symbol, filter));
  const rows = found.slice(0, shown).map(row);
  byId("symbol-table").tBodies[0].replaceChildren(...rows);
  const more = found.length - rows.length;
  byId("more").hidden = more <= 0;
  byId("more").textContent = `Show ${number(Math.min(more, STEP))} more of ${number(found.length)}`;
  const all = counted(symbols.length, "symbol");
  byId("count").textContent = found.length === symbols.length ? all : `${number(found.length)} of ${all}`;
}

/** Shows one symbol with everything that is known of it. */
function detail(symbol) {
  const panel = byId("symbol");
  panel.hidden = symbol === undefined;
  if (symbol === undefined) return;
  const facts = [["Type", element("code", {}, symbol.type)]];
  if (symbol.demangled) facts.push(["Mangled", element("code", {}, symbol.name)]);
  facts.push(["Imported from", element("code", {}, symbol.module)]);
  if (symbol.value !== undefined) {
    const what = symbol.kind === "function" ? "Table slot" : "Address";
    facts.push([what, symbol.kind === "function" ? `${symbol.value}` : `${symbol.value} (${hex(symbol.value)})`]);
  }
  const order = symbol.definers.map(({ module, weak }, position) =>
    element(
      "li",
      {},
      moduleLink(module),
      weak ? element("span", { class: "tag" }, "weak") : undefined,
      position > 0 ? element("span", { class: "tag" }, "interposed: not used") : undefined,
    ),
  );
  const defined = order.length > 0 ? element("ol", {}, ...order) : element("span", {}, ...definers(symbol));
  facts.push([order.length > 1 ? "Defined by, in order of lookup" : "Defined by", defined]);
  const using = symbol.users.map((user) => element("li", {}, moduleLink(user)));
  facts.push(["Used by", using.length > 0 ? element("ul", {}, ...using) : "no module"]);
  panel.replaceChildren(element("h3", {}, symbol.shown), terms(facts), link("Close", filters()));
}

function terms(facts) {
  return element("dl", {}, ...facts.flatMap(([term, fact]) => [element("dt", {}, term), element("dd", {}, fact)]));
}

/** Follows a link into the page: the filters, a symbol, or a module. */
function follow() {
  const hash = location.hash.slice(1);
  if (!hash.includes("=")) return;
  const state = new URLSearchParams(hash);
  shown = STEP;
  if (state.has("module")) {
    const index = modules.findIndex((module) => module.name === state.get("module"));
    const entry = byId(`module-${index}`);
    if (entry) {
      entry.open = true;
      entry.scrollIntoView();
      entry.querySelector("summary").focus();
    }
    return;
  }
  for (const id of FILTERS) byId(id).value = state.get(id) ?? "";
  const symbol = named.get(state.get("symbol"));
  list();
  detail(symbol);
  byId("symbols").scrollIntoView();
  if (symbol) byId("symbol").focus({ preventScroll: true });
}

/** Writes the filters into the address, so that it can be shared. */
function remember() {
  shown = STEP;
  history.replaceState(null, "", hashOf(filters()));
  list();
}

function moduleEntry(module, index) {
  const facts = [["Kind", module.description]];
  if (module.file) facts.push(["File", element("code", {}, module.file)]);
  facts.push(["Size of the file", bytes(module.bytes)]);
  const { memory_base: memory, memory_size: size, table_base: table, table_size: slots } = module.plan ?? {};
  if (size) facts.push(["Data", `${number(size)} bytes at ${memory} (${hex(memory)})`]);
  if (slots) facts.push(["Table", `${counted(slots, "slot")} from ${table}`]);
  facts.push(["Defines", link(counted(module.defines, "symbol"), { definer: module.name })]);
  facts.push(["Uses", link(counted(module.uses, "symbol"), { user: module.name })]);
  const title = element("summary", {}, swatch(colour(index)), module.name, element("span", { class: "soft" }, ` — ${module.description}`));
  return element("details", { id: `module-${index}` }, title, terms(facts));
}

/** Draws parts of a whole to scale. */
function bar(parts, label) {
  const total = parts.reduce((sum, part) => sum + part.size, 0);
  const drawn = parts.map((part) =>
    element("span", {
      style: `width: ${(100 * part.size) / total}%; background: ${part.colour}`,
      title: `${part.name}: ${part.text}`,
    }),
  );
  return element("div", { class: "bar", role: "img", "aria-label": label }, ...drawn);
}

function partTable(caption, columns, parts) {
  const head = element("tr", {}, ...columns.map((column, i) =>
    element("th", { scope: "col", class: i ? `number ${column}` : undefined }, column)));
  const rows = parts.map((part) =>
    element(
      "tr",
      {},
      element("td", {}, swatch(part.colour), part.name),
      ...part.cells.map((cell, i) => element("td", { class: `number ${columns[i + 1]}` }, cell)),
    ),
  );
  return element("table", {}, element("caption", {}, caption), element("thead", {}, head), element("tbody", {}, ...rows));
}

const STACK = "var(--soft)";
const HEAP = "var(--card)";

/** Returns the parts of the memory, from address 0 to its initial end, without gaps. */
function memoryParts() {
  const { stack_low, stack_high, heap_base, pages } = plan.memory;
  const areas = [{ name: "stack", start: stack_low, end: stack_high, colour: STACK }];
  modules.forEach((module, index) => {
    const { memory_base, memory_size } = module.plan ?? {};
    if (memory_size) {
      areas.push({ name: module.name, start: memory_base, end: memory_base + memory_size, colour: colour(index) });
    }
  });
  areas.push({ name: "heap, at the start", start: heap_base, end: Math.max(pages * 65536, heap_base), colour: HEAP });
  areas.sort((a, b) => a.start - b.start);
  const parts = [];
  let end = 0;
  for (const area of areas) {
    if (area.start > end) parts.push({ name: "data at fixed addresses, or free", start: end, end: area.start, colour: "transparent" });
    if (area.end > area.start) parts.push(area);
    end = Math.max(end, area.end);
  }
  return parts.map((part) => ({
    ...part,
    size: part.end - part.start,
    text: bytes(part.end - part.start),
    cells: [`${part.start}`, hex(part.start), number(part.end - part.start)],
  }));
}

function memory() {
  const to = byId("memory-map");
  const parts = memoryParts();
  if (!data.shares_memory) return to.append("No module shares the memory of the process.");
  to.append(element("p", {}, `${counted(plan.memory.pages, "page")} of 64 KiB, to scale:`), bar(parts, "The memory to scale"));
  const between = parts.filter((part) => part.colour !== STACK && part.colour !== HEAP && part.colour !== "transparent");
  if (between.length > 0 && between.length < parts.length) {
    to.append(element("p", {}, "The data of the modules alone, to scale:"), bar(between, "The data of the modules to scale"));
  }
  // Alignment leaves a few bytes free.
  const listed = parts.filter((part) => part.colour !== "transparent" || part.size >= 256);
  to.append(partTable("From the lowest address", ["What", "Address", "Hexadecimal", "Bytes"], listed));
}

function table() {
  const to = byId("table-map");
  const parts = [];
  modules.forEach((module, index) => {
    const { table_base: start, table_size: size } = module.plan ?? {};
    if (size) parts.push({ name: module.name, start, size, colour: colour(index) });
  });
  const { size: total, slots } = plan.table;
  for (const { start, size } of runs(slots.map(({ slot }) => slot))) {
    parts.push({ name: "filled by the linker", start, size, colour: STACK });
  }
  const known = parts.reduce((sum, part) => sum + part.size, 0);
  if (total > known) parts.push({ name: "of the main, or free", start: 0, size: total - known, colour: "transparent" });
  if (total === 0) return to.append("The program has no table.");
  parts.sort((a, b) => a.start - b.start);
  const described = parts.map((part) => ({ ...part, text: counted(part.size, "slot"), cells: [`${part.start}`, number(part.size)] }));
  to.append(
    element("p", {}, `${counted(total, "slot")}, to scale:`),
    bar(described, "The table to scale"),
    partTable("From the lowest slot", ["What", "From slot", "Slots"], described),
  );
  if (slots.length > 0) to.append(slotList(slots));
}

/** Returns the parts of ascending numbers that follow each other. */
function runs(numbers) {
  const found = [];
  for (const number of numbers) {
    const last = found.at(-1);
    if (last && last.start + last.size === number) last.size += 1;
    else found.push({ start: number, size: 1 });
  }
  return found;
}

/** Lists the slots that the linker fills, when it is opened. */
function slotList(slots) {
  const list = element("details", {}, element("summary", {}, `${counted(slots.length, "function")} in slots of the linker`));
  list.addEventListener("toggle", () => {
    const items = slots.map(({ slot, module, name }) => {
      const symbol = named.get(name);
      return element("li", {}, `${slot}: ${module}.`, link(symbol?.shown ?? name, { symbol: name }));
    });
    list.append(element("ul", {}, ...items));
  }, { once: true });
  return list;
}

function sizes() {
  const to = byId("sizes");
  if (!data.sizes) {
    to.append(element("p", {}, `The program cannot be fused: ${data.not_fused}`));
    return;
  }
  const { modules: parts, file } = data.sizes;
  const of = (part) => part.code + part.data;
  const described = parts.map((part) => {
    const index = modules.findIndex((module) => module.name === part.module);
    const name = part.module ?? "the linker";
    return { part, name, size: of(part), text: bytes(of(part)), colour: index < 0 ? STACK : colour(index) };
  });
  const rest = file - described.reduce((sum, part) => sum + part.size, 0);
  const other = { name: "types, names and tables", size: rest, text: bytes(rest), colour: "transparent" };
  to.append(
    element("p", {}, `${number(file)} bytes, of which only what the program reaches is kept. To scale:`),
    bar([...described, other], "The size of the fused program by module, to scale"),
    ...described.map(sizeEntry),
    element("p", { class: "soft" }, `${number(rest)} bytes are types, names, tables and section headers.`),
  );
}

function sizeEntry({ part, name, colour: background }) {
  const title = `${name}: ${number(part.code)} bytes of code, ${number(part.data)} of data`;
  const entry = element("details", {}, element("summary", {}, swatch(background), title));
  entry.addEventListener("toggle", () => entry.append(sizeTable(part)), { once: true });
  return entry;
}

function sizeTable(part) {
  const largest = Math.max(...part.symbols.map((symbol) => symbol.code + symbol.data), 1);
  const rows = part.symbols.map((symbol) => {
    const size = symbol.code + symbol.data;
    const meter = element("span", { class: "meter", style: `width: ${(100 * size) / largest}%` });
    const name = symbol.symbol ?? (symbol.code > 0 ? "(a function)" : "(data)");
    return element(
      "tr",
      {},
      element("td", { class: "name" }, name),
      element("td", { class: "number" }, number(size)),
      element("td", { class: "wide", style: "width: 30%" }, meter),
    );
  });
  const omitted = part.others > 0
    ? element("p", { class: "soft" }, `${counted(part.others, "other")} have ${number(part.others_size)} bytes.`)
    : undefined;
  return element("div", {}, element("table", {}, element("tbody", {}, ...rows)), ...(omitted ? [omitted] : []));
}

function start() {
  const to = byId("initialisers");
  const calls = plan.initialisers;
  if (calls.length === 0) return to.append("No function runs before the program.");
  const items = calls.map(({ module, name }) => element("li", {}, `${module}.`, element("code", {}, name)));
  to.append(element("p", {}, "These functions run first, in this order:"), element("ol", {}, ...items));
}

function choices() {
  for (const id of ["definer", "user"]) {
    const options = modules.map((module) => element("option", { value: module.name }, module.name));
    if (id === "definer") options.push(element("option", { value: HOST }, "the host"));
    byId(id).append(...options);
  }
}

function theme() {
  const button = byId("theme");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (document.documentElement.dataset.theme ?? (dark.matches ? "dark" : "light")) === "dark";
  const label = () => (button.textContent = isDark() ? "Light" : "Dark");
  button.addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    label();
  });
  dark.addEventListener("change", label);
  label();
}

function listen() {
  byId("filters").addEventListener("input", remember);
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("filters").addEventListener("reset", () => setTimeout(remember));
  byId("more").addEventListener("click", () => {
    shown += STEP;
    list();
  });
  addEventListener("hashchange", follow);
  addEventListener("keydown", (event) => {
    const isTyping = event.target.matches("input, select, textarea");
    if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      byId("q").focus();
    }
  });
}

const kept = data.sizes ? `, ${bytes(data.sizes.file)} as one file` : "";
byId("summary").textContent =
  `${counted(modules.length, "module")}, ${counted(symbols.length, "symbol")}${kept}`;
byId("warnings").hidden = data.warnings.length === 0;
byId("warning-list").append(...data.warnings.map((warning) => element("li", {}, warning)));
byId("module-list").append(...modules.map(moduleEntry));
choices();
theme();
listen();
list();
memory();
table();
sizes();
start();
follow();
