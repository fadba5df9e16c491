// Bulletins kept on this phone -> the list, and one of them in whole; both without a network.

import { html, nothing } from "../../vendor/lit/lit.mjs";
import { language, t } from "../../core/i18n.mjs";
import { clockTime } from "../../core/geo.mjs";
import * as icons from "../icons.mjs";
import { ageText, statusLine } from "./frame.mjs";
import { page } from "./lists.mjs";

/** @typedef {import('../model.mjs').Model} Model */

/** @param {Model} model */
export function bulletinsView(model) {
  const rows = model.bulletins.list();
  const { t_ms, reminded } = model.bulletins.kept;
  return page(model, "bulletins", t("nav.bulletins"), [
    reminded ? html`<p class="remind" role="status">${icons.bell}<span>${t("osa.remind")}</span></p>` : nothing,
    rows.length
      ? rows.map((row) => bulletinRow(model, row))
      : html`<p class="empty">${t(t_ms === null ? "osa.never" : "osa.empty")}</p>`,
    t_ms === null || model.link.connected
      ? nothing
      : html`<p class="note num">${t("osa.as_of", { age: ageText(Math.max(0, model.now - t_ms)) })}</p>`,
  ]);
}

/** @param {Model} model @param {Wire.Bulletin} row */
function bulletinRow(model, row) {
  const side = row.sides[language()] ?? row.sides.en;
  const open = model.bulletins.isUnread(row);
  return html`<button class="row bulletin-row" data-bulletin=${row.id} data-unread=${String(open)} data-status=${row.status}
    @click=${() => model.bulletins.show(row.id)}>
    <i class="bar" aria-hidden="true"></i>
    <span>${side.banner ? html`<em class="banner">${side.banner}</em>` : nothing}<b>${side.title}</b>
    <small class="num">${row.number} · ${row.tlp} · ${t(stateKey(model, row, open))}</small></span>
    ${open ? html`<i class="unread-mark" aria-hidden="true"></i>` : icons.next}
  </button>`;
}

/** @param {Model} model @param {Wire.Bulletin} row @param {boolean} open */
function stateKey(model, row, open) {
  if (row.status === "recalled") return open ? "osa.recalled_new" : "osa.recalled";
  return open ? "osa.unread" : "osa.read";
}

/** @param {Model} model */
export function bulletinView(model) {
  const row = model.bulletins.shown();
  if (!row) return bulletinsView(model);
  const lang = model.bulletins.lang ?? language();
  const side = row.sides[lang] ?? row.sides.en;
  const other = lang === "en" ? "es" : "en";
  const flip = () => {
    model.bulletins.lang = other;
    model.change();
  };
  return html`<main class="screen bulletin" data-status=${row.status}>
    ${statusLine(model)}
    <div class="sheet-top"><button data-act="back" @click=${() => model.go("bulletins")} aria-label=${t("osa.back")}>${icons.back}</button>
      <b class="tlp">${row.tlp}</b>
      <button data-act="flip" lang=${other} @click=${flip}>${t(`osa.lang.${other}`)}</button></div>
    <article class="scroll" lang=${lang} tabindex="0">
      ${side.banner ? html`<p class="banner">${side.banner}</p>` : nothing}
      ${row.status === "recalled" && side.reason ? html`<p class="reason">${side.reason}</p>` : nothing}
      <h1>${side.title}</h1>
      ${side.handling ? html`<p class="handling">${side.handling}</p>` : nothing}
      ${side.parts.map(part)}
      <dl>${side.heads.map(([label, value]) => html`<div><dt>${label}</dt><dd class="num">${timed(value)}</dd></div>`)}</dl>
      <p class="handling"><b class="tlp">${row.tlp}</b></p>
    </article>
    ${receipt(model, row)}
  </main>`;
}

/** 2026-11-28T06:00:00Z -> 2026-11-28 06:00Z; other values as they are. @param {string} value */
function timed(value) {
  return value.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d)?Z$/, "$1 $2Z");
}

/** @param {Wire.BulletinSide["parts"][0]} part */
function part({ key, heading, lines }) {
  return html`<section data-part=${key}><h2>${heading}</h2>${
    lines.length === 1
      ? html`<p>${lines[0]}</p>`
      : html`<ul>${lines.map((line) => html`<li>${line}</li>`)}</ul>`
  }</section>`;
}

/** @param {Model} model @param {Wire.Bulletin} row */
function receipt(model, row) {
  if (row.status === "recalled") return nothing;
  const entry = model.bulletins.receipt(row);
  if (row.read_ms === null && !entry)
    return html`<div class="end"><button class="answer read" data-act="read" @click=${() => model.bulletins.read(row)}>${t("osa.have_read")}</button></div>`;
  const told = row.read_ms !== null || entry?.state === "received";
  const at = entry ? model.clock.correct(entry.deviceMs, entry.offsetMs) : (row.read_ms ?? 0);
  return html`<p class="outcome" role="status" data-look=${told ? "ok" : "queued"} data-told=${String(told)}>
    ${told ? icons.tick : icons.clock}<span><b>${t("osa.read_at", { time: clockTime(at, { seconds: false }) })}</b>
    <small>${t(told ? "osa.told" : "osa.not_told")}</small></span></p>`;
}
