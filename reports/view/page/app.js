// The report's page: filters, a list that draws only the rows in sight, and the
// scenario that is open. The data stands in the page, one JSON object a line;
// text from a server only ever becomes a text node.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const rowHeight = 56; // CSS pixels, as .row has them
  const printedRows = 500;
  const marks = { passed: "✓", failed: "✗", waived: "w", "not-claimed": "–", error: "!" };

  // Every result is read once, for what the list and the filters need. The line
  // itself is kept and read again when its scenario is opened.
  const rows = [];
  const byID = new Map();
  for (const line of $("results").textContent.split("\n")) {
    if (line === "") continue;
    const r = JSON.parse(line);
    const row = {
      line, id: r.id, title: r.title, class: r.class, rules: r.rules.slice(), outcome: r.outcome, took: r.duration_ms,
      text: [r.id, r.title, r.reason || "", ...r.violations.map((v) => v.rule + " " + v.message)].join("\n").toLowerCase(),
    };
    for (const v of r.violations) if (!row.rules.includes(v.rule)) row.rules.push(v.rule);
    byID.set(row.id, row);
    rows.push(row);
  }
  rows.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  let shown = rows; // the rows that pass the filters
  let open = null; // the row whose scenario is open
  let drawnFrom = -1, drawnTo = -1;

  function el(tag, attributes, ...children) {
    const e = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name === "class") e.className = value;
      else if (name.startsWith("on")) e.addEventListener(name.slice(2), value);
      else e.setAttribute(name, value);
    }
    for (const c of children) if (c !== null && c !== undefined && c !== "") e.append(c);
    return e;
  }
  const millis = (ms) => (ms > 0 && ms < 10 ? ms.toFixed(1) : Math.round(ms)) + " ms";
  const count = (n, noun) => n.toLocaleString("en") + " " + noun + (n === 1 ? "" : "s");

  // ---- filters
  const filters = { class: $("class"), rule: $("rule"), outcome: $("outcome"), q: $("q") };
  function choices(select, values) {
    const numbers = new Map();
    for (const v of values) numbers.set(v, (numbers.get(v) || 0) + 1);
    for (const v of [...numbers.keys()].sort((a, b) => a.localeCompare(b, "en", { numeric: true })))
      select.append(el("option", { value: v }, v + " (" + numbers.get(v).toLocaleString("en") + ")"));
  }
  choices(filters.class, rows.map((r) => r.class));
  choices(filters.rule, rows.flatMap((r) => r.rules));
  choices(filters.outcome, rows.map((r) => r.outcome));

  function filter() {
    const words = filters.q.value.toLowerCase().split(/\s+/).filter((w) => w);
    shown = rows.filter((r) =>
      (!filters.class.value || r.class === filters.class.value) &&
      (!filters.rule.value || r.rules.includes(filters.rule.value)) &&
      (!filters.outcome.value || r.outcome === filters.outcome.value) &&
      words.every((w) => r.text.includes(w)));
    $("count").textContent = shown.length === rows.length ? count(rows.length, "scenario") : count(shown.length, "scenario") + " of " + rows.length.toLocaleString("en");
    $("list").scrollTop = 0;
    draw(true);
  }
  function filtered() {
    filter();
    const query = new URLSearchParams();
    for (const [name, input] of Object.entries(filters)) if (input.value) query.set(name, input.value);
    history.replaceState(null, "", query.size ? "#?" + query : location.pathname + location.search);
  }
  for (const input of Object.values(filters)) input.addEventListener("input", filtered);
  $("tools").addEventListener("submit", (e) => e.preventDefault());
  $("reset").addEventListener("click", () => {
    for (const input of Object.values(filters)) input.value = "";
    filtered();
    filters.q.focus();
  });

  // ---- the list
  function draw(anew) {
    const list = $("list");
    const from = Math.max(0, Math.floor(list.scrollTop / rowHeight) - 8);
    const to = Math.min(shown.length, Math.ceil((list.scrollTop + list.clientHeight) / rowHeight) + 8);
    if (!anew && from === drawnFrom && to === drawnTo) return;
    drawnFrom = from;
    drawnTo = to;
    const space = $("space");
    space.style.height = shown.length * rowHeight + "px";
    const drawn = [];
    for (let i = from; i < to; i++) drawn.push(rowElement(shown[i], i));
    space.replaceChildren(...drawn);
    $("none").classList.toggle("hidden", shown.length > 0);
    if (open && drawn.some((e) => e.getAttribute("aria-selected") === "true")) list.setAttribute("aria-activedescendant", "row-open");
    else list.removeAttribute("aria-activedescendant");
  }
  function rowElement(r, i) {
    const e = el("div", { class: "row", role: "option", "aria-selected": r === open, "aria-posinset": i + 1, "aria-setsize": shown.length, title: r.id },
      el("span", { class: "mark " + r.outcome, role: "img", "aria-label": r.outcome }, marks[r.outcome]),
      el("span", {}, el("span", { class: "id" }, r.id), el("span", { class: "title" }, r.title)),
      el("span", { class: "took" }, millis(r.took)));
    if (r === open) e.id = "row-open";
    e.style.top = i * rowHeight + "px";
    e.addEventListener("click", () => go(r));
    return e;
  }
  let waiting = false;
  function drawSoon() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; draw(false); });
  }
  $("list").addEventListener("scroll", drawSoon, { passive: true });
  addEventListener("resize", drawSoon);

  function scrollTo(index) {
    const list = $("list");
    const top = index * rowHeight;
    if (top < list.scrollTop) list.scrollTop = top;
    else if (top + rowHeight > list.scrollTop + list.clientHeight) list.scrollTop = top + rowHeight - list.clientHeight;
  }

  // ---- the open scenario
  const isNarrow = matchMedia("(max-width: 60rem)");
  function go(row) { location.hash = "#" + encodeURI(row.id); }
  function show(row) {
    open = row;
    $("detail").replaceChildren(...scenario(JSON.parse(row.line), row));
    $("detail").classList.remove("closed");
    $("detail").scrollTop = 0;
    document.title = row.id + " – " + pageTitle;
    const index = shown.indexOf(row);
    if (index >= 0) scrollTo(index);
    draw(true);
    if (isNarrow.matches) $("detail").focus();
  }
  function close() {
    if (!open) return;
    const index = shown.indexOf(open);
    open = null;
    $("detail").classList.add("closed");
    $("detail").replaceChildren(el("p", { class: "empty" }, "Choose a scenario to see what was given, expected and seen."));
    document.title = pageTitle;
    history.replaceState(null, "", location.pathname + location.search);
    draw(true);
    $("list").focus({ preventScroll: index >= 0 });
  }
  function step(by) {
    if (shown.length === 0) return;
    const at = open ? shown.indexOf(open) : -1;
    const next = at < 0 ? 0 : Math.min(shown.length - 1, Math.max(0, at + by));
    go(shown[next]);
  }

  function scenario(r, row) {
    const out = [
      el("div", { class: "bar" },
        el("button", { type: "button", class: "back", onclick: close }, "← Back"),
        el("button", { type: "button", onclick: () => step(-1) }, "Previous"),
        el("button", { type: "button", onclick: () => step(1) }, "Next"),
        el("span", { class: "fill" }),
        el("a", { href: "#" + encodeURI(r.id) }, "link to this scenario")),
      el("h2", {}, r.title || r.id),
      el("code", { class: "id" }, r.id),
      el("div", { class: "badges" },
        el("span", { class: "mark word " + r.outcome }, r.outcome),
        ...r.rules.map((id) => el("a", { href: "#?rule=" + encodeURIComponent(id) }, id)),
        el("span", { class: "soft" }, [r.class, r.level, r.severity, millis(r.duration_ms), r.companion ? "replayed as a twin" : ""].filter((t) => t).join(" · "))),
    ];
    if (r.reason) out.push(el("p", {}, r.reason));
    for (const v of r.violations)
      out.push(el("div", { class: "violation " + r.outcome }, el("b", {}, v.rule), ": " + v.message, pairs([["want", v.want], ["got", v.got]])));
    for (const s of r.records || []) out.push(...record(s));
    out.push(el("h3", {}, "Exchanges"));
    if (r.exchanges.length === 0)
      out.push(el("p", { class: "soft" }, r.outcome === "passed" ? "None was kept: the exchanges of scenarios that pass are kept by run --trace." : "There was none."));
    r.exchanges.forEach((x, i) => out.push(exchange(x, i < 4 && r.exchanges.length <= 6)));
    if (r.effect) out.push(el("h3", {}, "What goes wrong in production when a gate fails this"), el("p", {}, r.effect));
    if (r.replay) out.push(el("h3", {}, "Replay it alone"), el("code", { class: "command", tabindex: "0" }, r.replay));
    return out;
  }
  function pairs(list) {
    const dl = el("dl", { class: "pairs" });
    for (const [name, value] of list) if (value !== "" && value !== undefined) dl.append(el("dt", {}, name), el("dd", {}, String(value)));
    return dl;
  }
  function record(s) {
    const secrets = (map) => Object.entries(map || {}).map(([name, value]) => name + " = " + value).join("\n");
    const g = s.given, x = s.expect;
    const section = (title, list) => el("section", {}, el("h4", {}, title), pairs(list));
    const replies = (s.seen.replies || []).map((p) => p.outcome + (p.code ? " with " + p.code : "") + (p.status ? " (status " + p.status + ")" : "") + (p.times > 1 ? ", " + p.times + " times" : ""));
    const calls = (s.seen.calls || []).map((c) => c.method + " " + c.host + " → " + (c.status || "no answer") + (c.credentials ? ", carrying " + c.credentials.join(", ") : ""));
    return [
      el("h3", {}, s.step ? "Step " + s.step + " (" + s.stage + ")" : "At " + s.stage),
      el("div", { class: "three" },
        section("Given", [["runtime", g.runtime], ["model", g.model], ["external", g.external ? "yes" : ""], ["url", g.url], ["workspace", secrets(g.workspace) || (g.global ? "" : "no credential")], ["global", secrets(g.global)], ["at once", g.at_once]]),
        section("Expected", [["verdict", x.verdict + (x.code ? " with " + x.code : "")], ["provider", (x.providers || []).join(" or ")], ["calls to providers", { none: "none", probe: "one probe", optional: "at most one probe" }[x.upstream] || x.upstream], ["credential that decides", x.probed]]),
        section("Seen", [["reply", replies.join("\n") || "none"], ["calls to providers", calls.join("\n") || "none"]])),
    ];
  }
  function exchange(x, isOpen) {
    const side = (title, headers, body) => {
      const lines = Object.keys(headers || {}).sort().flatMap((name) => headers[name].map((v) => name + ": " + v));
      if (lines.length === 0 && !body) return [];
      return [el("h4", {}, title), el("pre", {}, lines.join("\n") + (lines.length && body ? "\n\n" : "") + (body || ""))];
    };
    const who = x.direction === "target" ? "harness → target" : "target → " + (x.provider || "elsewhere");
    const facts = [x.stage, x.credential ? "carrying " + x.credential : "", x.note, "at " + millis(x.at_ms), "took " + millis(x.duration_ms)].filter((t) => t).join(" · ");
    const e = el("details", { class: "exchange" },
      el("summary", {}, who + ": " + x.method + " " + x.url + " → " + (x.status || "no answer")),
      el("div", {}, el("p", { class: "soft" }, facts), ...side("Request", x.request_headers, x.request_body), ...side("Response", x.response_headers, x.response_body)));
    e.open = isOpen;
    return e;
  }

  // ---- deep links: #<id> opens a scenario, #?class=…&rule=…&outcome=…&q=… filters
  const pageTitle = document.title;
  function route() {
    const hash = location.hash.slice(1);
    if (hash.startsWith("?")) {
      const query = new URLSearchParams(hash.slice(1));
      for (const [name, input] of Object.entries(filters)) input.value = query.get(name) || "";
      filter();
      $("scenarios").scrollIntoView();
      return;
    }
    let id = hash;
    try { id = decodeURIComponent(hash); } catch { /* the id as it stands */ }
    const row = byID.get(id);
    if (!row) return;
    if (!shown.includes(row)) {
      for (const input of Object.values(filters)) input.value = "";
      filter();
    }
    show(row);
    $("scenarios").scrollIntoView();
  }
  addEventListener("hashchange", route);

  // ---- keyboard
  $("list").addEventListener("keydown", (e) => {
    const page = Math.max(1, Math.floor($("list").clientHeight / rowHeight) - 1);
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity }[e.key];
    if (by !== undefined) {
      e.preventDefault();
      step(by);
    } else if (e.key === "Enter" && open) {
      e.preventDefault();
      $("detail").focus();
    }
  });
  addEventListener("keydown", (e) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName);
    if (e.key === "/" && !typing && !e.ctrlKey && !e.metaKey && !e.altKey) {
      e.preventDefault();
      filters.q.focus();
    } else if (e.key === "Escape") {
      if (document.activeElement === filters.q) $("list").focus();
      else close();
    }
  });

  // ---- print: the filtered list as a table, since the list draws only what is in sight
  addEventListener("beforeprint", () => {
    const body = shown.slice(0, printedRows).map((r) => el("tr", {}, el("td", {}, r.outcome), el("td", { class: "text mono" }, r.id), el("td", { class: "text" }, r.title)));
    $("printed").replaceChildren(
      el("p", {}, count(shown.length, "scenario") + (shown.length > printedRows ? ", of which the first " + printedRows + " are printed" : "")),
      el("table", { class: "plain" }, el("tbody", {}, ...body)));
  });

  filter();
  close();
  route();
  document.documentElement.dataset.ready = "yes"; // for whoever drives the page
})();
