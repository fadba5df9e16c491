// One alert -> action first, then from where and how soon, then who says so, then the answers.

import { html, nothing } from "../../vendor/lit/lit.mjs";
import { hasWord, t } from "../../core/i18n.mjs";
import { clockTime, distance, height, minutesSeconds } from "../../core/geo.mjs";
import {
  actionKey,
  answers,
  arrival,
  detailKey,
  direction,
  endKey,
  look,
  phase,
  sourceKeys,
} from "../alerts.mjs";
import { droneDial } from "../dial.mjs";
import * as icons from "../icons.mjs";
import { ageText, hitButton, listWords, markBar } from "./frame.mjs";

/** @typedef {import('../model.mjs').Model} Model */

const SILENT_MS = 5_000; // as long as a beat may be missing
const FRESH_MS = 10_000;

/** @param {Model} model */
export function alertView(model) {
  const record = model.warnings.shown();
  if (!record) return nothing;
  const { alert } = record;
  const now = model.now;
  const state = phase(record, now);
  return html`<main class="screen alert look-${look(record, now)}" data-alert=${alert.alert_id} data-phase=${state} data-end=${alert.end_reason ?? ""}>
    ${markBar(alert.mark)} ${top(model, record, now, state)} ${linkLine(model)}
    <h1 class="action">${t(actionKey(record, now))}</h1>
    ${state === "ended" ? ended(alert) : coming(model, record, state)}
    ${others(model, record)} ${buttons(model, record)}
  </main>`;
}

/** @param {Model} model @param {Phone.Held} record @param {number} now @param {Phone.Phase} state */
function top(model, record, now, state) {
  const { alert } = record;
  const ago = t("alert.updated_ago", {
    age: ageText(Math.max(0, now - (alert.decided_ms ?? now))),
  });
  const sounding = model.siren.ringing && model.siren.unlocked;
  return html`<div class="top">
    <span class="tier">${state === "ended" ? t("alert.ended") : t(`alert.tier.${alert.tier}`)}</span>
    <span class="num">${sounding ? t("alert.silence") : state === "ended" ? clockTime(alert.decided_ms) : ago}</span>
  </div>`;
}

/** An alert without a link is kept, and says how old the last word is. @param {Model} model */
function linkLine(model) {
  const silentMs = model.link.wordAgeMs;
  if (model.link.connected && silentMs !== null && silentMs < SILENT_MS) {
    if (model.link.watchState.state !== "lost") return nothing;
    return html`<p class="old" role="status">${icons.lost}<span>${t("alert.watch_lost")}</span></p>`;
  }
  const old = silentMs ?? performance.now();
  return html`<p class="old" role="status">${icons.lost}<span class="num">${t("alert.link_lost", { age: ageText(old) })}</span></p>`;
}

/** @param {Wire.Alert} alert */
function ended(alert) {
  const by =
    alert.end_reason === "all_clear"
      ? alert.by_name
        ? t("alert.end.by", { name: alert.by_name, time: clockTime(alert.decided_ms) })
        : t("alert.end.by_nobody", { time: clockTime(alert.decided_ms) })
      : t("alert.end.at", { time: clockTime(alert.decided_ms) });
  const was = [t(`alert.tier_name.${alert.tier}`)];
  if (alert.from_point) was.push(t("alert.from", { point: t(`alert.point.${alert.from_point}`) }));
  for (const number of alert.track_numbers ?? [])
    was.push(t("alert.track", { number: String(number).padStart(3, "0") }));
  return html`<p class="direction">${t(endKey(alert))}</p>
    <p class="by">${by}</p><p class="was">${was.join(" · ")}</p><div class="room"></div>`;
}

/** @param {Model} model @param {Phone.Held} record @param {Phone.Phase} state */
function coming(model, record, state) {
  const { alert } = record;
  const facing = model.compass.facing();
  const where = direction(alert, facing);
  const words = where
    ? where.relativeKey
      ? t("alert.from_relative", { relative: t(where.relativeKey), point: t(where.pointKey) })
      : t("alert.from", { point: t(where.pointKey) })
    : t("alert.from_unknown");
  const lost =
    state === "lost" || alert.action === "stay_in_cover" || alert.action === "drone_lost";
  return html`<p class="direction">${lost ? t(detailKey(record, model.now)) : words}</p>
    <div class="dial-area">${
      where
        ? droneDial({
            bearingDeg: alert.bearing_deg_true ?? 0,
            headingDeg: where.relativeKey && facing ? facing.headingDeg : null,
            pointKey: where.pointKey,
          })
        : icons.quad
    }</div>
    ${lost ? nothing : numbers(model, alert)} ${evidence(alert)}`;
}

/** @param {Model} model @param {Wire.Alert} alert */
function numbers(model, alert) {
  const far = distance(alert.range_m);
  const oldMs = model.now - (alert.decided_ms ?? model.now);
  // a distance is worth its age: beside "may be here now" an old one would soothe
  const away = oldMs < FRESH_MS ? t("alert.away") : t("alert.away_ago", { age: ageText(oldMs) });
  const high = height(alert.height_m);
  /** @param {{value: string, unit: string}} figure @param {string} word */
  const figure = ({ value, unit }, word) =>
    html`<div><b class="num">${value}<i>${t(`unit.${unit}`)}</i></b><small>${word}</small></div>`;
  return html`<div class="numbers">${soonest(model, alert)}${far ? figure(far, away) : nothing}${high ? figure(high, t("alert.high")) : nothing}</div>`;
}

/**
 * Counts on the server's time; at zero it says so and never runs below.
 * @param {Model} model @param {Wire.Alert} alert
 */
function soonest(model, alert) {
  const eta = arrival(alert, model.now);
  if (eta.kind === "unknown")
    return html`<div class="eta"><b class="word">${t("alert.time_unknown")}</b></div>`;
  if (eta.kind === "here")
    return html`<div class="eta here"><b class="word">${t("alert.may_be_here")}</b></div>`;
  return html`<div class="eta"><small>${t("alert.as_soon_as")}</small><b class="num" data-eta>${minutesSeconds(eta.ms)}</b></div>`;
}

/** @param {Wire.Alert} alert */
function evidence(alert) {
  const parts = [t(alert.confirmed ? "alert.confirmed" : "alert.unconfirmed")];
  if (alert.load) parts.push(t("alert.load"));
  if ((alert.track_ids?.length ?? 0) > 1)
    parts.push(t("alert.drones", { n: alert.track_ids.length }));
  const sources = sourceKeys(alert.sources, hasWord).map((k) => t(k));
  return html`<p class="evidence"><b>${parts.join(" · ")}</b>${
    sources.length
      ? html`<span>${t("alert.sources", { list: listWords(sources) })}</span>`
      : nothing
  }</p>`;
}

/**
 * Other warnings of this moment; a row is enough to have been shown.
 * @param {Model} model @param {Phone.Held} record
 */
function others(model, record) {
  const rest = model.warnings
    .open()
    .filter((r) => r.alert_id !== record.alert_id)
    .slice(0, 2);
  return rest.map(
    (
      r,
    ) => html`<button class="other" data-alert=${r.alert_id} @click=${() => model.warnings.show(r.alert_id)}>
    <b>${r.alert.mark === "actual" ? nothing : `${t(`alert.mark.${r.alert.mark}`)} · `}${t(actionKey(r, model.now))}</b>
    ${r.alert.from_point ? t("alert.from", { point: t(`alert.point.${r.alert.from_point}`) }) : nothing}
  </button>`,
  );
}

/** @param {Model} model @param {Phone.Held} record */
function buttons(model, record) {
  const { main, second } = answers(record, model.now);
  if (main === "close") {
    return html`<button class="answer" data-act="close" @click=${() => model.warnings.close()}>${t("alert.do.close")}</button>
      <div class="answers">${hitButton(model)}</div>`;
  }
  const words = main === "safe" ? "alert.do.in_cover" : "alert.do.watching";
  return html`${
    main
      ? html`<button class="answer" data-act=${main} @click=${() => model.warnings.answer(main)}>${t(words)}</button>`
      : done(model, record)
  }
    <div class="answers">
      ${
        second
          ? html`<button data-act=${second} @click=${() => model.warnings.answer(second)}>${t("alert.do.seen")}</button>`
          : record.alert.tier > 1 && record.ackedMs.seen
            ? html`<span class="said">${icons.eye}${t("alert.done.seen")}</span>`
            : nothing
      }
      <button data-act="report" @click=${() => model.go("home")}>${t("alert.do.report")}</button>
      ${hitButton(model)}
    </div>`;
}

/** @param {Model} model @param {Phone.Held} record */
function done(model, record) {
  const kind = record.alert.tier > 1 ? "safe" : "seen";
  const at = record.ackedMs[kind] ?? model.now;
  const title =
    kind === "safe" ? t("alert.done.safe", { time: clockTime(at) }) : t("alert.done.watching");
  const told = model.warnings.told(record, kind);
  return html`<div class="answer done" role="status" data-told=${String(told)}><b>${title}</b>
    <small>${t(told ? "alert.done.told" : "alert.done.not_told")}</small></div>`;
}
