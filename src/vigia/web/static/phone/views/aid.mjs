// The first-aid card, the tourniquets' clocks, the nearest kit and medic; all from this phone.

import { html, nothing, svg } from "../../vendor/lit/lit.mjs";
import { t } from "../../core/i18n.mjs";
import { distance } from "../../core/geo.mjs";
import { MARCH } from "../casualty.mjs";
import * as drawings from "../drawings.mjs";
import * as icons from "../icons.mjs";
import { nearest, wayWords } from "../nearest.mjs";
import { clockRows, limbButtons } from "./clocks.mjs";
import { ageText, hitButton, statusLine, tabs } from "./frame.mjs";

/**
 * @typedef {import('../model.mjs').Model} Model
 * @typedef {(Wire.KitRow | Wire.MedicRow) & {range_m: number | null, bearing_deg: number | null}} NearRow
 */

const FIX_OLD_MS = 600_000;
const SHOWN = 2; // kits, and as many medics

/** @type {[string, unknown][]} */
const STEPS = [
  ["cover", drawings.coverPicture],
  ["tourniquet", drawings.tourniquetPicture],
  ["pack", drawings.packPicture],
  ["time", drawings.timePicture],
];

/** @param {Model} model */
export function aidView(model) {
  return html`<main class="screen aid">
    ${statusLine(model)}
    <div class="scroll" tabindex="0">
      ${approval(model)}
      <ol class="card">${STEPS.map(([name, picture], i) => step(model, name, picture, i + 1))}</ol>
      ${near(model)}
      <h2>MARCH</h2>
      <ol class="card march">${MARCH.map(letter)}</ol>
      ${kitRow(model)}
    </div>
    <div class="holds one">${hitButton(model)}</div>
    ${tabs(model)}
  </main>`;
}

/** @param {Model} model @param {string} name @param {unknown} picture @param {number} number */
function step(model, name, picture, number) {
  return html`<li data-step=${name}><div class="drawn">${picture}<b class="number" aria-hidden="true">${number}</b></div>
    <div><h3>${t(`card.step.${name}.title`)}</h3><p>${t(`card.step.${name}.text`)}</p></div>
    ${name === "time" ? html`<div class="wide">${limbButtons(model)}${clockRows(model)}</div>` : nothing}</li>`;
}

/** @param {string} name */
function letter(name) {
  return html`<li><b class="letter" aria-hidden="true">${t(`card.march.${name}.letter`)}</b>
    <div><h3>${t(`card.march.${name}.title`)}</h3><p>${t(`card.march.${name}.text`)}</p></div></li>`;
}

/**
 * Nobody's medicine but a medical officer's: the text says whether one has approved it.
 * @param {Model} model
 */
function approval(model) {
  const { sha256 } = model.kit;
  const yes = model.kit.approved();
  const which = sha256 ? html` <span class="num">${t("card.which", { id: sha256.slice(0, 8) })}</span>` : nothing;
  return html`<p class="approval" data-approved=${String(yes)}>${yes ? nothing : icons.warn}<span>${t(yes ? "card.approved" : "card.not_approved")}${which}</span></p>`;
}

/** @param {Model} model */
function kitRow(model) {
  const due = model.kit.due();
  return html`<button class="line" data-act="kit" @click=${() => model.go("kit")}>${icons.aid}
    <span><b>${t("kit.title")}</b><small>${t(due ? "kit.due" : "kit.done")}</small></span>${icons.next}</button>`;
}

// ---- the nearest ---------------------------------------------------------------------------------

/** @param {Model} model */
function near(model) {
  const known = model.kit.near;
  if (!known) return html`<h2>${t("near.title")}</h2><p class="note">${t("near.never")}</p>`;
  const fix = model.place.now();
  const from = fix && fix.ageMs < FIX_OLD_MS ? fix : null;
  const kits = nearest(known.kits ?? [], from, SHOWN);
  const medics = nearest(known.medics ?? [], from, SHOWN);
  return html`<h2>${t("near.title")}</h2>
    ${kits.map((k) => nearRow(model, k, icons.aid, t("near.kit"), [k.name, k.place, k.complete ? "" : t("near.incomplete")]))}
    ${medics.map((m) => nearRow(model, m, icons.cross, t("near.medic"), [m.name]))}
    ${kits.length ? nothing : html`<p class="note">${t("near.no_kit")}</p>`}
    ${medics.length ? nothing : html`<p class="note">${t("near.no_medic")}</p>`}
    <p class="note num">${t("near.as_of", { age: ageText(Math.max(0, model.now - known.t_ms)) })} ${from ? nothing : t("near.no_position")}</p>`;
}

/** @param {Model} model @param {NearRow} row @param {unknown} icon @param {string} what @param {string[]} said */
function nearRow(model, row, icon, what, said) {
  const far = distance(row.range_m);
  const way = far && row.bearing_deg !== null ? wayWords(row.bearing_deg, model.compass.facing()) : null;
  const words = way
    ? way.relativeKey
      ? t("near.relative", { relative: t(way.relativeKey), point: t(way.pointKey) })
      : t("near.point", { point: t(way.pointKey) })
    : nothing;
  return html`<div class="near" data-near=${"kit_id" in row ? "kit" : "medic"}>${icon}
    <span><b>${what}: ${row.post}</b><small>${said.filter(Boolean).join(" · ")}</small>
    ${far ? html`<em class="num">${far.value} ${t(`unit.${far.unit}`)}, ${words}</em>` : nothing}</span>
    ${way ? pointer(way, row.bearing_deg ?? 0) : nothing}</div>`;
}

/** Turns with the phone only while its compass is good; else north is up, and says so.
 * @param {{turnDeg: number | null}} way @param {number} bearing_deg */
function pointer({ turnDeg }, bearing_deg) {
  const deg = (turnDeg ?? bearing_deg).toFixed(0);
  return html`<svg class="pointer" viewBox="-30 -30 60 60" aria-hidden="true">
    ${turnDeg === null ? svg`<text class="north" y="-18" text-anchor="middle">${t("alert.point_short.n")}</text><circle r="27" />` : nothing}
    <path class="fill" transform=${`rotate(${deg})`} d="M0 -17L9 13 0 7-9 13z" /></svg>`;
}
