// One report -> where it has got to, what the compass caught, and what can be added.

import { html, nothing } from "../../vendor/lit/lit.mjs";
import { t } from "../../core/i18n.mjs";
import { POINTS, clockTime } from "../../core/geo.mjs";
import { CHIPS, azimuthOf } from "../report.mjs";
import { caughtDial } from "../dial.mjs";
import * as icons from "../icons.mjs";
import { ageText, statusLine } from "./frame.mjs";
import { openCard } from "./home.mjs";

/** @typedef {import('../model.mjs').Model} Model */

const LATE_MS = 60_000;

/** @param {Model} model */
export function sentView(model) {
  const entry = model.reports.shown();
  if (!entry) return html`<main class="screen sent">${statusLine(model)}</main>`;
  const gone = model.reports.withdrawn(entry);
  const attack = entry.body.attack === true;
  const asking =
    !attack && !gone && !model.reports.bearingNow(entry) && !model.reports.skipped.has(entry.root);
  return html`<main class="screen sent ${asking ? "asking" : ""}">
    ${statusLine(model)} ${openCard(model)} ${banner(model, entry, gone)}
    <div class="caught-area">${attack ? html`<p class="skipped">${t("attack.sent")}</p>` : caught(model, entry)}</div>
    <p class="facts">${facts(model, entry)}</p>
    ${
      gone || attack
        ? nothing
        : html`<h2>${t("sent.add")}</h2>
      <div class="chips">${CHIPS.map((chip) => chipButton(model, entry, chip))}</div>`
    }
    <div class="end">
      <button class="plain" data-act="undo" ?disabled=${gone} @click=${() => model.reports.undo()}>${t("sent.undo")}</button>
      <button class="primary" data-act="done" @click=${() => model.go("home")}>${t("sent.done")}</button>
    </div>
  </main>`;
}

/**
 * {look, icon, title, detail}: green only once the server has it on record.
 * @param {Model} model @param {Phone.SightingEntry} entry @param {boolean} [gone]
 */
export function outcome(model, entry, gone = false) {
  if (gone)
    return {
      look: "plain",
      icon: icons.stop,
      title: t("sent.withdrawn_title"),
      detail: t("sent.withdrawn_detail"),
    };
  switch (entry.state) {
    case "received":
      return {
        look: "ok",
        icon: icons.tick,
        title: t("sent.sent_title"),
        detail: receivedText(entry),
      };
    case "warned":
      return {
        look: "queued",
        icon: icons.clock,
        title: t("sent.warned_title"),
        detail: t("sent.warned_detail"),
      };
    case "refused":
      return {
        look: "refused",
        icon: icons.stop,
        title: t("sent.refused_title"),
        detail: t("sent.refused_detail", { why: entry.why ?? "" }),
      };
    default:
      return notYet(model, entry);
  }
}

/** @param {Model} model @param {Phone.SightingEntry} entry */
function notYet(model, entry) {
  if (!model.reports.isSlow(entry) && entry.tries <= 1) {
    return {
      look: "plain",
      icon: icons.clock,
      title: t("sent.sending_title"),
      detail: entry.saved ? t("sent.sending_detail") : "",
    };
  }
  const words = entry.saved ? "sent.queued" : "sent.unsaved";
  return {
    look: "queued",
    icon: icons.clock,
    title: t(`${words}_title`),
    detail: t(`${words}_detail`),
  };
}

/** @param {Phone.SightingEntry} entry */
function receivedText(entry) {
  const tookMs = (entry.receivedMs ?? entry.pressedMs) - entry.pressedMs;
  if (tookMs > LATE_MS) return t("sent.sent_detail_late", { age: ageText(tookMs) });
  return t("sent.sent_detail", { seconds: (Math.max(tookMs, 100) / 1000).toFixed(1) });
}

/** @param {Model} model @param {Phone.SightingEntry} entry @param {boolean} gone */
function banner(model, entry, gone) {
  const { look, icon, title, detail } = outcome(model, entry, gone);
  return html`<section class="outcome" data-look=${look} role="status">${icon}
    <div><h1>${title}</h1><p>${detail}</p></div></section>`;
}

/** @param {Model} model @param {Phone.SightingEntry} entry */
function caught(model, entry) {
  const bearing = model.reports.bearingNow(entry);
  if (!bearing)
    return model.reports.skipped.has(entry.root)
      ? html`<p class="skipped">${t("sent.no_bearing")}</p>`
      : pointPicker(model, entry);
  return caughtDial({
    bearingDeg: azimuthOf(bearing),
    sigmaDeg: bearing.sigma_deg,
  });
}

/**
 * Eight big buttons where a compass would be.
 * @param {Model} model @param {Phone.SightingEntry} entry
 */
function pointPicker(model, entry) {
  return html`<div class="picker" role="group" aria-label=${t("sent.no_bearing_hint")}>
    <p>${t("sent.no_bearing_hint")}</p>
    ${POINTS.map(
      (point, i) => html`<button class="p-${point}" @click=${() => model.reports.point(i)}
      aria-label=${t(`alert.point.${point}`)}>${t(`alert.point_short.${point}`)}</button>`,
    )}
    <button class="p-c" data-act="skip" @click=${() => model.reports.skip(entry.root)} aria-label=${t("sent.dont_know")}>?</button>
  </div>`;
}

/** @param {Model} model @param {Phone.SightingEntry} entry */
function facts(model, entry) {
  const position = model.reports.positionNow(entry);
  const where = position
    ? t("sent.position", { m: Math.round((position.sigma_m ?? 50) * 2) })
    : t("sent.no_position");
  const up = model.reports.bearingNow(entry)?.elevation_deg ?? null;
  const height = up === null ? nothing : html` · ${t("sent.elevation", { deg: Math.round(up) })}`;
  return html`<span class="num">${clockTime(entry.deviceMs)}</span>${height} · <span class=${position ? "" : "missing"}>${where}</span>
    ${entry.placed ? html`<b>${placedText(entry.placed)}</b>` : nothing}`;
}

/**
 * What became of it: what a person says it was, else whom it warned, else the track it supports, else
 * that it stands alone so far.
 * @param {Omit<Wire.Placed, "report_id">} placed
 */
export function placedText({ track_number, confirmed = false, warned = 0, verdict = null }) {
  if (!track_number) return t("sent.placed_none");
  const number = String(track_number).padStart(3, "0");
  if (verdict) return t(`sent.verdict.${verdict}`, { number });
  const helped = t(confirmed ? "sent.placed_confirmed" : "sent.placed", { number });
  return warned ? `${helped} ${t(warned === 1 ? "sent.warned_one" : "sent.warned_n", { n: warned })}` : helped;
}

/** @param {Model} model @param {Phone.SightingEntry} entry @param {{id: string}} chip */
function chipButton(model, entry, { id }) {
  const on = model.reports.chipsOf(entry.root).has(id);
  return html`<button class="chip" data-chip=${id} aria-pressed=${String(on)} @click=${() => model.reports.chip(id)}>${t(`sent.${id}`)}</button>`;
}
