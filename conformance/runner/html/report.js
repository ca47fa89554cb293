/* SPDX-License-Identifier: BSD-2-Clause */
"use strict";
(function () {
  const data = JSON.parse(document.getElementById("transcripts").textContent);
  const form = document.getElementById("filter");
  const cases = Array.from(document.querySelectorAll("details.case"));
  const suites = Array.from(document.querySelectorAll("section.suite"));
  const keys = ["text", "status", "level", "side"];

  function make(tag, cls, text) {
    const e = document.createElement(tag);
    if (cls) e.className = cls;
    if (text !== undefined) e.textContent = text;
    return e;
  }

  /* ---- transcripts, drawn when a case is opened for the first time ---- */

  /* Sixteen bytes a line; those of the field at fault are marked. */
  function hexDump(hex, size, field) {
    const pre = make("pre", "hex");
    const from = field ? field.offset : -1;
    const to = field ? field.offset + field.size : -1;
    for (let at = 0; at < hex.length / 2; at += 16) {
      let text = "";
      pre.append(at.toString(16).padStart(4, "0") + " ");
      for (let i = at; i < at + 16; i++) {
        const pair = hex.substr(i * 2, 2);
        const c = parseInt(pair, 16);
        pre.append(" ");
        pre.append(i >= from && i < to && pair ? make("mark", "", pair) : pair.padEnd(2));
        text += !pair ? "" : c >= 32 && c < 127 ? String.fromCharCode(c) : ".";
      }
      pre.append("  " + text + "\n");
    }
    if (size * 2 > hex.length) pre.append("... " + size + " bytes in all");
    return pre;
  }

  function fieldTable(entry, bad) {
    const table = make("table", "fields");
    (entry.fields || []).forEach(function (f) {
      const row = make("tr", bad && f.name === bad ? "bad" : "");
      row.append(make("td", "", f.offset), make("td", "", f.size), make("td", "", f.name),
        make("td", "", f.value));
      table.append(row);
    });
    return table;
  }

  function head(target, entry) {
    const arrows = { g2h: "\u2192 host", h2g: "guest \u2190" };
    target.append(make("span", "t", (entry.time / 1e4).toFixed(4) + " ms"),
      make("span", "d", arrows[entry.direction] || ""),
      make("span", "n", entry.name), make("span", "s", entry.summary || ""));
  }

  function drawEntry(entry, bad) {
    const cls = "entry " + entry.kind + " " + entry.direction + (bad || entry.fault ? " bad" : "");
    if (!entry.hex && !entry.fields) {
      const flat = make("div", cls + " flat");
      head(flat, entry);
      return flat;
    }
    const box = make("details", cls);
    const summary = make("summary");
    const inner = make("div", "inner");
    head(summary, entry);
    if (entry.fault)
      inner.append(make("p", "faulttext", entry.fault.field + " at offset " + entry.fault.offset + ": " +
        entry.fault.text));
    const wrong = bad || (entry.fault && entry.fault.field);
    const field = (entry.fields || []).find(function (f) { return f.name === wrong; });
    inner.append(fieldTable(entry, wrong));
    if (entry.hex) inner.append(hexDump(entry.hex, entry.size, field));
    box.append(summary, inner);
    box.open = Boolean(bad);
    return box;
  }

  function draw(box) {
    const where = box.querySelector(".transcript");
    const one = data[box.id.slice(5)];
    if (!where || !one || where.childElementCount) return;
    const detail = one.detail || {};
    one.entries.forEach(function (entry, i) {
      where.append(drawEntry(entry, detail.entry === i + 1 ? detail.field || " " : ""));
    });
  }

  cases.forEach(function (box) {
    box.addEventListener("toggle", function () { if (box.open) draw(box); });
    if (box.open) draw(box);
  });

  /* ---- filter, kept in the address so that a view can be passed on ---- */

  function wanted() {
    const v = {};
    keys.forEach(function (k) { v[k] = form.elements[k].value.trim().toLowerCase(); });
    return v;
  }

  function apply() {
    const v = wanted();
    const words = v.text.split(/\s+/).filter(Boolean);
    let shown = 0;
    cases.forEach(function (box) {
      const text = box.dataset.search || (box.dataset.search =
        (box.querySelector("summary").textContent + " " +
         (box.querySelector("dl") || box).textContent).toLowerCase());
      const fits = (!v.status || box.dataset.status === v.status) &&
        (!v.level || box.dataset.level === v.level) && (!v.side || box.dataset.side === v.side) &&
        words.every(function (w) { return text.includes(w); });
      box.hidden = !fits;
      shown += fits;
    });
    suites.forEach(function (s) { s.hidden = !s.querySelector("details.case:not([hidden])"); });
    document.getElementById("nothing").hidden = shown > 0;
    document.getElementById("shown").textContent = shown + " of " + cases.length;
  }

  function remember() {
    const v = wanted();
    const query = new URLSearchParams();
    keys.forEach(function (k) { if (v[k]) query.set(k, v[k]); });
    const text = query.toString();
    history.replaceState(null, "", text ? "#?" + text : "#cases");
  }

  function clear() {
    keys.forEach(function (k) { form.elements[k].value = ""; });
  }

  /* #?status=failed&text=gpadl sets the filter; #case-... opens that case, whatever it was. */
  function follow() {
    const hash = decodeURIComponent(location.hash.slice(1));
    if (hash.startsWith("?")) {
      const query = new URLSearchParams(hash.slice(1));
      clear();
      keys.forEach(function (k) { if (query.get(k)) form.elements[k].value = query.get(k); });
      apply();
      return;
    }
    const target = hash && document.getElementById(hash);
    if (!target) return;
    if (target.matches("details.case")) {
      if (target.hidden) {
        clear();
        apply();
      }
      target.open = true;
      draw(target);
    }
    target.scrollIntoView();
  }

  form.addEventListener("input", function () { apply(); remember(); });
  form.addEventListener("reset", function () { setTimeout(function () { apply(); remember(); }); });
  form.addEventListener("submit", function (e) { e.preventDefault(); });
  window.addEventListener("hashchange", follow);
  apply();
  follow();
})();
