"use strict";
// Words of merchants become text nodes, never markup.
const batch = JSON.parse(document.getElementById("batch").textContent);
const PER_PAGE = 25, KEPT = 60; // products on a page; page scripts in memory
const $ = (id) => document.getElementById(id);
const counted = (number) => number.toLocaleString("en");
const titles = new Map(batch.channels.map(([name, title]) => [name, title]));

// What the scripts in index/ bring, by their numbers.
const pages = new Map(), channels = [], scores = [], names = [];
let languages = {};
window.aigc = {
  page: (number, cards) => pages.set(number, cards),
  channel: (number, lists) => { channels[number] = lists; },
  names: (number, found) => { names[number] = found; },
  languages: (lists) => { languages = lists; },
  scores: (number, found) => { scores[number] = found; },
};
const loading = new Map();
function load(name, number, digits) {
  const file = number === undefined ? name : `${name}-${String(number).padStart(digits, "0")}`;
  if (!loading.has(file)) {
    loading.set(file, new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = `index/${file}.js?${batch.version}`;
      script.onload = () => { script.remove(); done(); };
      script.onerror = () => {
        script.remove();
        loading.delete(file);
        failed(new Error(`index/${file}.js cannot be read; run the batch again to write it`));
      };
      document.head.append(script);
    }));
  }
  return loading.get(file);
}

// What is asked for stands in the address, so that it can be sent, and gone back to.
const DEFAULTS = { mark: "", channel: "", language: "", order: "", words: "", page: "1" };
let state = { ...DEFAULTS };
function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  state = Object.fromEntries(Object.entries(DEFAULTS).map(([name, value]) => [name, given.get(name) ?? value]));
}
let typing = 0; // words that are not asked for yet
function ask(changed, { quietly = false } = {}) {
  clearTimeout(typing);
  const words = typing ? $("words").value : state.words;
  typing = 0;
  const next = { ...state, page: "1", words, ...changed };
  const said = new URLSearchParams(Object.entries(next).filter(([name, value]) => value !== DEFAULTS[name]));
  history[quietly ? "replaceState" : "pushState"](null, "", `#${said}`);
  return show();
}

// Which products match: a byte for each, 1 where it does.
function fill(ranges) {
  const mask = new Uint8Array(batch.count);
  for (const range of ranges ? ranges.split(" ") : []) {
    const [first, last = first] = range.split("-");
    mask.fill(1, +first, +last + 1);
  }
  return mask;
}
const both = (one, other) => one.map((bit, at) => bit & other[at]);
const ones = (mask) => mask.reduce((sum, bit) => sum + bit, 0);
function searched(words) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean), mask = new Uint8Array(batch.count);
  let at = 0;
  for (const roll of names.slice(1)) {
    for (const entry of roll) {
      const cut = entry.indexOf(" "), name = entry.slice(cut + 1).toLowerCase();
      if (entry.slice(0, cut) === words.trim() || wanted.every((word) => name.includes(word))) mask[at] = 1;
      at += 1;
    }
  }
  return mask;
}
async function lowestFirst(positions, number) {
  await Promise.all([load("channel", number, 2), load("scores", number, 2)]);
  const has = fill(channels[number][""]), found = scores[number].split(" "), lowest = new Float64Array(batch.count).fill(2e4);
  let at = 0;
  has.forEach((bit, position) => { if (bit) lowest[position] = found[at++]; });
  return positions.sort((one, other) => lowest[one] - lowest[other]);
}
let last = { asked: null };
async function matching() {
  const asked = JSON.stringify({ ...state, page: "" });
  if (asked === last.asked) return last;
  const plain = !state.mark && !state.channel && !state.language && !state.words;
  const number = state.channel ? batch.channels.findIndex(([name]) => name === state.channel) + 1 : 0;
  let found = null, counts = batch.marks;
  if (!plain) {
    await load("channel", number, 2);
    const lists = channels[number];
    let mask = state.channel ? fill(lists[""]) : new Uint8Array(batch.count).fill(1);
    if (state.language) {
      await load("languages");
      mask = both(mask, fill(languages[state.language]));
    }
    if (state.words) {
      for (let roll = 1; roll <= batch.rolls; roll += 1) await load("names", roll, 3);
      mask = both(mask, searched(state.words));
    }
    counts = Object.fromEntries(Object.entries(lists).map(([mark, list]) => [mark, ones(both(mask, fill(list)))]));
    counts.all = ones(mask);
    found = state.mark ? both(mask, fill(lists[state.mark])) : mask;
  }
  let positions = null; // all, as they stand
  if (found || state.order) positions = Uint32Array.from({ length: batch.count }, (_, at) => at);
  if (found) positions = positions.filter((at) => found[at]);
  if (state.order) positions = await lowestFirst(positions, number);
  return (last = { asked, positions, counts, count: positions ? positions.length : batch.count });
}
async function product(position) {
  const number = Math.floor(position / batch.cards) + 1;
  await load("page", number, 5);
  const cards = pages.get(number);
  pages.delete(number); // the one used last comes last
  pages.set(number, cards);
  return cards[position % batch.cards];
}
function forgetPages() {
  for (const number of [...pages.keys()].slice(0, Math.max(0, pages.size - KEPT))) {
    pages.delete(number);
    loading.delete(`page-${String(number).padStart(5, "0")}`);
  }
}

// Elements.
function element(tag, fields = {}, ...children) {
  const made = Object.assign(document.createElement(tag), fields);
  made.append(...children.filter((child) => child !== null && child !== ""));
  return made;
}
const path = (...parts) => parts.join("/").split("/").map(encodeURIComponent).join("/");
const asked = (poster) => (!state.channel || poster.channel === state.channel)
  && (!state.mark || poster.level === state.mark || (poster.checks ?? []).includes(state.mark));
function marks(poster, remedies = false) {
  if (poster.level === "pass") return element("p", { className: "passes" }, "✓ passes");
  return element("ul", {}, ...(poster.checks ?? []).map((mark) => {
    const [level, ...rest] = mark.split(" "), check = rest.join(" "), remedy = batch.remedies[check] ?? "";
    const words = `${level === "fail" ? "✗" : "!"} ${check}${remedies && remedy ? `: ${remedy}` : ""}`;
    return element("li", { className: `${level}s`, title: remedy }, words);
  }));
}
function figure(made, poster, viewed) {
  const [width, height] = poster.size, at = viewed.length, file = path(made.id, poster.file);
  viewed.push({ made, poster });
  const image = element("img", { src: path(made.id, poster.shown ?? poster.file), width, height, loading: "lazy", decoding: "async", alt: `${made.name}, ${titles.get(poster.channel) ?? poster.channel}` });
  const link = element("a", { href: file, onclick: (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    view(at);
  } }, image);
  const box = element("figure", { className: "poster" }, link,
    element("figcaption", {}, `${titles.get(poster.channel) ?? poster.channel} · ${poster.score.toFixed(2)}`, marks(poster)));
  box.style.setProperty("--aspect", width / height);
  box.style.setProperty("--wide", `${width}px`);
  return box;
}
function failed(made) {
  return element("article", { className: "product failed" },
    element("h2", { dir: "auto", title: made.name }, made.name),
    element("p", { className: "soft" }, [`${made.number}`, made.source, made.stage && `failed at ${made.stage}`].filter(Boolean).join(" · ")),
    element("p", { className: "said" }, made.error ?? ""),
    made.remedy ? element("p", {}, made.remedy) : null);
}
function card(made, viewed) {
  if (!made.id) return failed(made);
  const wanted = made.posters.filter(asked), all = made.posters.length;
  const sheet = path(made.id, "index.html");
  return element("article", { className: "product" },
    element("header", {},
      element("h2", {}, element("a", { href: sheet, dir: "auto", title: made.name }, made.name)),
      element("p", { className: "headline", lang: made.language, dir: "auto" }, made.headline),
      element("p", { className: "soft" }, `${made.number} · ${made.language} · score ${made.score.toFixed(2)}`,
        ...[["fail", "✗", "failed"], ["warn", "!", "with warnings"]].flatMap(([level, sign, words]) => {
          const some = made.posters.filter((poster) => poster.level === level).length;
          return some && all > 1 ? [" · ", element("span", { className: `${level}s` }, `${sign} ${some} ${words}`)] : [];
        }),
        ...(wanted.length < all ? [" · ", element("a", { href: sheet }, `${wanted.length} of ${all} posters`)] : [])),
      made.note ? element("p", { className: "soft warns" }, made.note) : null),
    element("div", { className: "posters" }, ...wanted.map((poster) => figure(made, poster, viewed))));
}

// The page.
let viewed = [], turn = 0, total = 1;
async function show() {
  readAddress();
  const mine = (turn += 1), products = $("products");
  products.setAttribute("aria-busy", "true");
  try {
    const found = await matching();
    total = Math.max(1, Math.ceil(found.count / PER_PAGE));
    const page = Math.min(total, Math.max(1, Math.floor(+state.page) || 1));
    state.page = String(page);
    const first = (page - 1) * PER_PAGE, shown = [], next = [];
    const where = Array.from({ length: Math.min(PER_PAGE, found.count - first) }, (_, at) => found.positions ? found.positions[first + at] : first + at);
    for (const made of await Promise.all(where.map(product))) shown.push(card(made, next));
    if (mine !== turn) return; // something else was asked for meanwhile
    viewed = next;
    forgetPages();
    products.replaceChildren(...(shown.length ? shown : [element("p", {}, batch.count ? "Nothing matches." : "No product yet.")]));
    controls(found.counts, found.count, page);
  } catch (error) {
    if (mine === turn) products.replaceChildren(element("p", { className: "said", role: "alert" }, error.message));
  }
  if (mine === turn) products.setAttribute("aria-busy", "false");
}
function choice(group, value, words, count, chosen) {
  const input = element("input", { type: "radio", name: group, value, checked: chosen, onchange: () => ask({ mark: value }) });
  return element("label", {}, input, words, element("span", { className: "soft" }, counted(count)));
}
const TABS = [["", "All"], ["fail", "Failed the judge"], ["warn", "Warnings"], ["pass", "Passed"], ["failed", "Products that failed"]];
function controls(counts, count, page) {
  const focused = document.activeElement?.closest("#marks, #checks")?.id, [level] = state.mark.split(" ");
  $("marks").replaceChildren(...TABS
    .filter(([mark]) => !mark || mark in batch.marks)
    .map(([mark, words]) => choice("marks", mark, words, mark ? counts[mark] ?? 0 : counts.all ?? batch.count, mark === level)));
  const checks = Object.keys(batch.marks).filter((mark) => level && mark.startsWith(`${level} `) && (counts[mark] || mark === state.mark));
  $("checks").replaceChildren(...(checks.length ? [
    choice("checks", level, "Any check", counts[level] ?? 0, state.mark === level),
    ...checks.map((mark) => choice("checks", mark, mark.slice(level.length + 1), counts[mark] ?? 0, mark === state.mark)),
  ] : []));
  if (focused) document.querySelector(`#${focused} :checked`)?.focus();
  for (const name of ["channel", "language", "order"]) $(name).value = state[name];
  if (document.activeElement !== $("words")) $("words").value = state.words;
  for (const pager of document.querySelectorAll(".pager")) {
    const go = (words, to, label) => element("button", { type: "button", disabled: to < 1 || to > total, ariaLabel: label, onclick: () => turnTo(to) }, words);
    const jump = element("input", { value: String(page), inputMode: "numeric", ariaLabel: "Page", onchange: () => turnTo(+jump.value || 1) });
    pager.replaceChildren(element("span", { className: "count" }, count === 1 ? "1 product" : `${counted(count)} products`),
      ...(total > 1 ? [go("‹", page - 1, "Page before"), jump, `of ${counted(total)}`, go("›", page + 1, "Next page")] : []));
  }
  document.querySelector(".pager").firstChild.setAttribute("role", "status");
  document.querySelectorAll(".pager")[1].hidden = total < 2;
}
async function turnTo(page) {
  await ask({ page: String(page) });
  scrollTo(0, Math.max(0, $("products").offsetTop - 80));
}

// One poster, as large as the window.
let at = 0;
function view(number) {
  at = number;
  const { made, poster } = viewed[at];
  $("picture").src = path(made.id, poster.shown ?? poster.file);
  $("picture").alt = `${made.name}, ${titles.get(poster.channel) ?? poster.channel}`;
  $("about").replaceChildren(
    element("strong", { dir: "auto" }, made.name),
    element("p", { className: "soft" }, `${titles.get(poster.channel) ?? poster.channel} · ${poster.size.join(" × ")} · score ${poster.score.toFixed(2)} · `,
      element("a", { href: path(made.id, poster.file), target: "_blank" }, "open the file"), " · ",
      element("a", { href: path(made.id, "index.html"), target: "_blank" }, "contact sheet")),
    marks(poster, true));
  $("before").disabled = at === 0 && +state.page <= 1;
  $("after").disabled = at === viewed.length - 1 && +state.page >= total;
  const next = viewed[at + 1]; // fetched while this one is looked at
  if (next) new Image().src = path(next.made.id, next.poster.shown ?? next.poster.file);
  if (!$("viewer").open) $("viewer").showModal();
}
async function step(by) {
  if (viewed[at + by]) return view(at + by);
  if (+state.page + by < 1 || +state.page + by > total) return;
  do await turnTo(+state.page + by);
  while (!viewed.length && +state.page + by >= 1 && +state.page + by <= total); // only failed ones there
  if (viewed.length) view(by > 0 ? 0 : viewed.length - 1);
}
$("before").onclick = () => step(-1);
$("after").onclick = () => step(1);
$("close").onclick = () => $("viewer").close();
$("viewer").onclick = (event) => { if (event.target === $("viewer")) $("viewer").close(); };
let touched = 0;
$("viewer").ontouchstart = (event) => { touched = event.touches.length === 1 ? event.touches[0].clientX : NaN; };
$("viewer").ontouchend = (event) => {
  const moved = event.changedTouches[0].clientX - touched;
  if (Math.abs(moved) > 60) step(moved < 0 ? 1 : -1);
};
$("viewer").onclose = () => {
  $("picture").removeAttribute("src");
  document.querySelectorAll(".poster a")[at]?.focus();
};

// Controls.
function offer(name, rows) {
  $(name).replaceChildren(...rows.map(([value, words]) => element("option", { value }, words)));
  $(name).closest("label").hidden = rows.length < 3;
}
const spoken = (code) => {
  try { return `${new Intl.DisplayNames(["en"], { type: "language" }).of(code)} (${code})`; } catch { return code; }
};
offer("channel", [["", "All"], ...batch.channels.map(([name, title, count]) => [name, `${title} (${counted(count)})`])]);
offer("language", [["", "All"], ...Object.entries(batch.languages).map(([code, count]) => [code, `${spoken(code)}: ${counted(count)}`])]);
for (const name of ["channel", "language", "order"]) $(name).onchange = () => ask({ [name]: $(name).value });
$("words").oninput = () => {
  clearTimeout(typing);
  typing = setTimeout(ask, 200, {}, { quietly: true });
};
$("row").value = parseInt(getComputedStyle(document.documentElement).getPropertyValue("--row"), 10);
$("row").oninput = () => document.documentElement.style.setProperty("--row", `${$("row").value}px`);
$("filters").onsubmit = (event) => event.preventDefault();
addEventListener("popstate", show);
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (by && $("viewer").open) { event.preventDefault(); return void step(by); }
  if (event.key === "/" && event.target !== $("words")) { event.preventDefault(); $("words").focus(); }
  const page = +state.page + by;
  if (by && !event.target.matches("input, select") && page >= 1 && page <= total) turnTo(page);
});
show();
