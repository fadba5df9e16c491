// Held alerts, own reports, settings -> the three quiet tabs.

import { html, nothing } from "../../vendor/lit/lit.mjs";
import { LANGS, language, setLanguage, t } from "../../core/i18n.mjs";
import { clockTime, compassPoint } from "../../core/geo.mjs";
import { isSighting } from "../../core/doors.mjs";
import { actionKey, endKey, look, phase } from "../alerts.mjs";
import { THEMES, setTheme, theme } from "../theme.mjs";
import { isOwed } from "../../core/outbox.mjs";
import * as icons from "../icons.mjs";
import { statusLine, tabs } from "./frame.mjs";
import { azimuthOf } from "../report.mjs";
import { outcome, placedText } from "./sent.mjs";
import { truth } from "./home.mjs";

/** @typedef {import('../model.mjs').Model} Model */

/** @param {Model} model @param {string} name @param {string} title @param {unknown} body */
export const page = (model, name, title, body) => html`<main class="screen page ${name}">
  ${statusLine(model)} ${truth(model)}<h2>${title}</h2><div class="scroll">${body}</div>${tabs(model)}
</main>`;

/** @param {Model} model */
export function alertsView(model) {
  const records = model.warnings.ordered();
  return page(
    model,
    "alerts",
    t("nav.alerts"),
    records.length ? records.map((r) => alertRow(model, r)) : empty(t("alert.list.empty")),
  );
}

/** @param {Model} model @param {Phone.Held} record */
function alertRow(model, record) {
  const { alert } = record;
  const state = phase(record, model.now);
  const mark =
    alert.mark === "actual"
      ? nothing
      : html`<em class="mark">${t(`alert.mark.${alert.mark}`)}</em>`;
  return html`<button class="row look-${look(record, model.now)}" @click=${() => model.warnings.show(record.alert_id)}>
    <i class="bar" aria-hidden="true"></i>
    <span><b>${mark}${t(actionKey(record, model.now))}</b>
    <small>${state === "ended" ? t(endKey(alert)) : t("alert.list.open")}</small></span>
    <time class="num">${clockTime(alert.decided_ms, { seconds: false })}</time>
  </button>`;
}

/** Behind the last tab: what is not asked for in a hurry. @param {Model} model */
export function moreView(model) {
  const owed = model.outbox.list().filter((e) => isOwed(e) && isSighting(e)).length;
  /** @param {string} view @param {unknown} icon @param {string} key @param {unknown} [said] */
  const row = (view, icon, key, said = nothing) => html`<button class="line" data-act=${view} @click=${() => model.go(view)}>
    ${icon}<span><b>${t(key)}</b>${said}</span>${icons.next}</button>`;
  const waiting = owed ? html`<small>${t("net.waiting", { n: owed })}</small>` : nothing;
  return page(model, "more", t("nav.more"), [
    row("map", icons.map, "nav.map"),
    row("ground", icons.fallen, "nav.ground", html`<small>${t("ground.hint")}</small>`),
    quietSwitch(model),
    row("mine", icons.list, "nav.mine", waiting),
    row("settings", icons.gear, "nav.settings"),
    model.aid.all().map((c) => casualtyRow(model, c)),
  ]);
}

/** For a patrol in hiding: of this shift only. @param {Model} model */
function quietSwitch(model) {
  const { on, shift } = model.quiet;
  const hint = on ? (model.quiet.canShake ? "quiet.on" : "quiet.on_still") : "quiet.off";
  const until = on && shift ? clockTime(shift.untilMs, { seconds: false }) : "";
  return html`<button class="line" role="switch" data-act="quiet" aria-checked=${String(on)} @click=${() => model.toggleQuiet()}>
      ${icons.shake}<span><b>${t("quiet.title")}</b><small>${t(hint, { time: until })}</small></span><i class="knob" aria-hidden="true"></i></button>
    ${on ? earphoneSwitch(model) : nothing}`;
}

/** @param {Model} model */
function earphoneSwitch(model) {
  const on = model.quiet.shift?.earphone === true;
  return html`<button class="line" role="switch" data-act="earphone" aria-checked=${String(on)} @click=${() => model.quiet.setEarphone(!on)}>
    ${icons.ear}<span><b>${t("quiet.earphone")}</b><small>${t("quiet.earphone_hint")}</small></span><i class="knob" aria-hidden="true"></i></button>`;
}

/** @param {Model} model @param {Phone.Casualty} c */
function casualtyRow(model, c) {
  const said = c.withdrawn ? "hurt.withdrawn" : c.closed ? "hurt.closed" : "hurt.is_open";
  return html`<button class="line" @click=${() => model.aid.show(c.id)}>${icons.cross}
    <span><b>${t("hurt.title")}</b><small>${t(said)}</small></span>
    <time class="num">${clockTime(c.hitMs, { seconds: false })}</time></button>`;
}

/** @param {Model} model */
export function mineView(model) {
  const roots = model.outbox.list().filter(isSighting).filter((e) => e.report_id === e.root);
  return page(
    model,
    "mine",
    t("sent.list.title"),
    roots.length ? roots.map((e) => reportRow(model, e)) : empty(t("sent.list.empty")),
  );
}

/** @param {Model} model @param {Phone.SightingEntry} entry */
function reportRow(model, entry) {
  const { look: kind, icon, title } = outcome(model, entry, model.reports.withdrawn(entry));
  const bearing = model.reports.bearingNow(entry);
  const where = bearing
    ? t(`alert.point.${compassPoint(azimuthOf(bearing))}`)
    : t("sent.no_bearing");
  const sense = t(entry.body.sense === "heard" ? "sent.list.heard" : "sent.list.seen");
  const placed = entry.placed?.track_number ? placedText(entry.placed) : null;
  return html`<button class="row" data-look=${kind} @click=${() => model.openReport(entry.report_id)}>
    ${icon}<span><b>${sense}, ${where}</b><small>${title}${placed ? html` · ${placed}` : nothing}</small></span>
    <time class="num">${clockTime(entry.deviceMs, { seconds: false })}</time>
  </button>`;
}

/** @param {string} text */
const empty = (text) => html`<p class="empty">${text}</p>`;

/** @param {Model} model @param {string} version */
export function settingsView(model, version) {
  /** @param {string} now @param {string} value @param {string} word @param {() => void} act */
  const choice = (now, value, word, act) =>
    html`<button class="choice" aria-pressed=${String(now === value)} @click=${act}>${word}</button>`;
  const testing = model.siren.ringing !== null;
  return page(
    model,
    "settings",
    t("settings.title"),
    html`
    <section><h3>${t("settings.language")}</h3><div class="choices two">
      ${LANGS.map((lang) => choice(language(), lang, t(`lang.${lang}`), () => setLanguage(lang)))}</div></section>
    <section><h3>${t("settings.theme")}</h3><div class="choices two">
      ${THEMES.map((name) =>
        choice(theme(), name, t(`settings.theme.${name}`), () => {
          setTheme(name);
          model.change();
        }),
      )}</div></section>
    <button class="line" role="switch" data-act="share" aria-checked=${String(model.sharePosition)} @click=${() => model.setSharePosition(!model.sharePosition)}>
      <span><b>${t("settings.position")}</b><small>${t("settings.position_hint")}</small></span><i class="knob" aria-hidden="true"></i></button>
    <button class="line" data-act="siren-test" @click=${() => {
      if (!testing) model.testSiren();
    }}>
      <span><b>${t("settings.siren_test")}</b><small>${testing ? t("settings.siren_testing") : t(`truth.siren_${model.sirenTruth()}`)}</small></span>${icons.soundOn}</button>
    ${pushLine(model)}
    ${sensorLine(model, "compass", () => model.compass.ask())} ${sensorLine(model, "place", () => model.place.ask())}
    <p class="note">${t("settings.person")} ${model.person?.name ?? "–"}. ${t("settings.stored")} ${t("settings.version", { v: version })}</p>`,
  );
}

/** What happens when this page is closed; a press asks where that can help. @param {Model} model */
function pushLine(model) {
  const { state } = model.push;
  const can = state === "ask" || state === "failed" || state === "unknown";
  return html`<button class="line" data-act="push" data-push=${state} @click=${() => model.push.ask()} ?disabled=${!can}>
    <span><b>${t("push.title")}</b><small>${t(`push.state.${state}`)}</small></span></button>`;
}

/** @param {Model} model @param {"compass" | "place"} name @param {() => void} ask */
function sensorLine(model, name, ask) {
  const { state } = model[name];
  const none = name === "compass" ? "settings.compass_none" : "settings.place_denied";
  const said = state === "ok" ? "settings.ok" : state === "ask" ? `settings.${name}_ask` : none;
  return html`<button class="line" @click=${ask} ?disabled=${state === "ok" || state === "none"}>
    <span><b>${t(`settings.${name}`)}</b><small>${t(said)}</small></span></button>`;
}
