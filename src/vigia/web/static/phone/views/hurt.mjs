// One casualty -> whether help knows, and what can be added; each tap is a word sent at once.

import { html, nothing } from "../../vendor/lit/lit.mjs";
import { t } from "../../core/i18n.mjs";
import { clockTime } from "../../core/geo.mjs";
import * as c_ from "../casualty.mjs";
import { bodyFigure } from "../drawings.mjs";
import * as icons from "../icons.mjs";
import { clockRows, limbButtons } from "./clocks.mjs";
import { ageText, statusLine, sureButton } from "./frame.mjs";
import { openCard } from "./home.mjs";

/** @typedef {import('../model.mjs').Model} Model */

const SLOW_MS = 1_200;
const LATE_MS = 60_000;
const COUNTS = [1, 2, 3, 4, 5];

/** @param {Model} model */
export function hurtView(model) {
  const c = model.aid.shown();
  if (!c)
    return html`<main class="screen hurt">${statusLine(model)}<div class="scroll"></div>${end(model, null)}</main>`;
  const open = c_.isOpen(c, model.now);
  return html`<main class="screen hurt" data-casualty=${c.id}>
    ${statusLine(model)} ${openCard(model)} ${banner(model, c)}
    <div class="scroll" tabindex="0">
      <p class="facts">${facts(model, c)}</p>
      ${open ? asked(model, c) : nothing}
      <details class="radio" ?open=${!model.link.connected}><summary>${t("hurt.radio")}</summary><p>${radioText(model, c)}</p></details>
      ${open ? ending(model) : nothing}
    </div>
    ${end(model, c)}
  </main>`;
}

// ---- has help been called? -----------------------------------------------------------------------

/** @param {Model} model @param {Phone.Casualty} c */
function banner(model, c) {
  const { look, icon, title, detail } = outcome(model, c);
  return html`<section class="outcome" data-look=${look} role="status">${icon}
    <div><h1>${title}</h1><p>${detail}</p></div></section>`;
}

/** @param {Model} model @param {Phone.Casualty} c @returns {Phone.Outcome} */
function outcome(model, c) {
  const entries = model.aid.entries(c.id);
  const first = entries.find((e) => e.report_id === c.id) ?? entries[entries.length - 1];
  const state = c_.outcomeOf(entries, model.clock.wall());
  /** @returns {Phone.Outcome} */
  const queued = (/** @type {string} */ words) => ({
    look: "queued",
    icon: icons.clock,
    title: t(`${words}_title`),
    detail: t(`${words}_detail`),
  });
  if (c.withdrawn)
    return { look: "plain", icon: icons.stop, title: t("hurt.withdrawn"), detail: state === "received" ? "" : t("hurt.not_told_yet") };
  if (state === "refused") {
    const why = entries.find((e) => e.state === "refused")?.why ?? "";
    return { look: "refused", icon: icons.stop, title: t("sent.refused_title"), detail: t("sent.refused_detail", { why }) };
  }
  if (state === "unsaved") return queued("sent.unsaved");
  if (first.state === "received") return called(model, c, entries, first);
  if (state === "warned") return queued("sent.warned");
  const slow = model.clock.wall() - first.pressedMs > SLOW_MS || !model.link.connected;
  if (slow || first.tries > 1) return queued("hurt.queued");
  return { look: "plain", icon: icons.clock, title: t("sent.sending_title"), detail: t("sent.sending_detail") };
}

/**
 * The first word is on record; later ones may still wait.
 * @param {Model} model @param {Phone.Casualty} c @param {Phone.WordEntry[]} entries @param {Phone.WordEntry} first
 * @returns {Phone.Outcome}
 */
function called(model, c, entries, first) {
  const waiting = entries.filter((e) => e.state !== "received").length;
  const tookMs = (first.receivedMs ?? first.pressedMs) - first.pressedMs;
  const detail = waiting
    ? t("hurt.more_waiting", { n: waiting })
    : tookMs > LATE_MS
      ? t("sent.sent_detail_late", { age: ageText(tookMs) })
      : t("hurt.called_detail");
  return {
    look: waiting ? "queued" : "ok",
    icon: waiting ? icons.clock : icons.tick,
    title: t(c.closed ? "hurt.closed" : "hurt.called_title"),
    detail,
  };
}

/** @param {Model} model @param {Phone.Casualty} c */
function facts(model, c) {
  const where = c.position
    ? t("sent.position", { m: Math.round((c.position[3] ?? 50) * 2) })
    : t("sent.no_position");
  return html`<span class="num">${clockTime(c.hitMs)}</span>${c.unit ? html` · ${c.unit}` : nothing} · <span class=${c.position ? "" : "missing"}>${where}</span>`;
}

// ---- what can be told ----------------------------------------------------------------------------

/** @param {Model} model @param {Phone.Casualty} c */
function asked(model, c) {
  const many = c.patients ?? 0;
  // what a tap adds comes below what was tapped: nothing may move under a thumb
  return html`${section("hurt.tourniquet", html`${limbButtons(model)}${clockRows(model)}`)}
    ${section("hurt.patients", html`<div class="chips six">${COUNTS.map((n) => choice(c.patients === n, n, () => model.aid.say({ patients: n }), `n-${n}`))}
      ${choice(many > COUNTS.length, many > COUNTS.length ? `${many} +` : "+", () => model.aid.say({ patients: Math.min(c_.PATIENTS_MAX, Math.max(COUNTS.length, many) + 1) }), "n-more")}</div>`)}
    ${section("hurt.urgency", html`<div class="chips three">${c_.URGENCIES.map((u) => choice(c.urgency === u, t(`aid.urgency.${u}`), () => model.aid.say({ urgency: u }), `u-${u}`))}</div>`)}
    ${section("hurt.signs", html`<div class="chips two">${[true, false].map((v) => choice(c.awake === v, t(v ? "aid.awake" : "aid.not_awake"), () => model.aid.sign("awake", v), `awake-${v}`))}
      ${[true, false].map((v) => choice(c.breathes === v, t(v ? "aid.breathes" : "aid.not_breathing"), () => model.aid.sign("breathes", v), `breathes-${v}`))}</div>`)}
    ${section("hurt.wounds", model.aid.part ? woundChoice(model) : bodyChoice(model, c))}
    ${section("hurt.mechanism", html`<div class="chips two">${c_.MECHANISMS.map((m) => choice(c.mechanism === m, t(`aid.mechanism.${m}`), () => model.aid.say({ mechanism: m }), `m-${m}`))}</div>`)}
    ${section("hurt.march", html`<div class="steps">${c_.MARCH.map((s) => marchStep(model, c, s))}</div>`)}
    ${section("hurt.second_drone", html`<div class="chips two">${[true, false].map((v) => choice(c.second_drone === v, t(v ? "hurt.yes" : "hurt.no"), () => model.aid.say({ second_drone: v }), `second-${v}`))}</div>`)}`;
}

/** @param {string} key @param {unknown} body */
const section = (key, body) => html`<section class="ask"><h2>${t(key)}</h2>${body}</section>`;

/** @param {boolean} on @param {unknown} words @param {() => unknown} act @param {string} name */
const choice = (on, words, act, name) =>
  html`<button class="chip" data-say=${name} aria-pressed=${String(on)} @click=${act}>${words}</button>`;

/**
 * The figure, and beside it each part by name: a glove needs more than a picture's neck.
 * @param {Model} model @param {Phone.Casualty} c
 */
function bodyChoice(model, c) {
  const wounded = new Set(c.injuries.map((i) => i.body));
  const tied = new Set(c.tourniquets.filter((q) => q.offMs === null).map((q) => q.limb));
  const choose = (/** @type {string} */ part) => {
    model.aid.part = part;
    model.change();
  };
  const button = (/** @type {string} */ part) => html`<button class="chip" data-part=${part} aria-pressed=${String(wounded.has(part))} @click=${() => choose(part)}>${t(`aid.body.${part}`)}</button>`;
  return html`<div class="body-choice">
    <div>${["head", "chest", "right_arm", "pelvis", "right_leg"].map(button)}</div>
    ${bodyFigure({ wounded, tied, choose, label: t("hurt.figure") })}
    <div>${["neck", "back", "left_arm", "belly", "left_leg"].map(button)}</div></div>
    ${c.injuries.length ? html`<div class="taken-back">${c.injuries.map((i) => woundTold(model, i))}</div>` : nothing}`;
}

/** Told by mistake: two presses take it back. @param {Model} model @param {{body: string, wound: string}} i */
function woundTold(model, { body, wound }) {
  const thing = `injury/${body}/${wound}`;
  const words = `${t(`aid.body.${body}`)}: ${t(`aid.wound.${wound}`)}`;
  return sureButton(model, { what: `back-${thing}`, name: "back-wound", act: () => model.aid.takeBack(thing), words: html`${words} <i aria-label=${t("hurt.take_back")}>✕</i>` });
}

/** @param {Model} model */
function woundChoice(model) {
  const cancel = () => {
    model.aid.part = null;
    model.change();
  };
  return html`<p class="told"><b>${t(`aid.body.${model.aid.part}`)}</b></p>
    <div class="chips two">${c_.WOUNDS.map((w) => choice(false, t(`aid.wound.${w}`), () => model.aid.wound(w), `w-${w}`))}
    <button class="chip" data-say="cancel" @click=${cancel}>${t("hurt.cancel")}</button></div>`;
}

/** @param {Model} model @param {Phone.Casualty} c @param {string} step */
function marchStep(model, c, step) {
  const atMs = c.done[step];
  const letter = t(`card.march.${step}.letter`);
  return html`<button class="step" data-step=${step} aria-pressed=${String(Boolean(atMs))} @click=${() => model.aid.step(step)}>
    <b class="letter" aria-hidden="true">${letter}</b><span>${t(model.aid.asks(`back-step/${step}`) ? "hurt.back_sure" : `aid.march.${step}`)}</span>
    ${atMs ? html`<time class="num">${clockTime(atMs, { seconds: false })}</time>` : nothing}</button>`;
}

/**
 * To be read over the radio: what was told, in the order of MIST; nothing guessed.
 * @param {Model} model @param {Phone.Casualty} c
 */
function radioText(model, c) {
  const parts = [
    t("aid.radio.casualty", { name: model.person?.name ?? "" }),
    c.unit,
    c.position ? `${c.position[0].toFixed(5)} ${c.position[1].toFixed(5)}` : "",
    t("aid.radio.since", { at: clockTime(c.hitMs, { seconds: false }) }),
    c.patients ? t("aid.radio.patients", { n: c.patients }) : "",
    c.urgency ? t(`aid.urgency.${c.urgency}`) : "",
    c.mechanism ? t(`aid.mechanism.${c.mechanism}`) : "",
    ...c.injuries.map((i) => `${t(`aid.body.${i.body}`)} ${t(`aid.wound.${i.wound}`)}`),
    c.awake === null ? "" : t(c.awake ? "aid.awake" : "aid.not_awake"),
    c.breathes === null ? "" : t(c.breathes ? "aid.breathes" : "aid.not_breathing"),
    ...c.tourniquets.map((q) =>
      t("aid.tourniquet_on", {
        limb: t(`aid.body.${q.limb}`),
        at: clockTime(q.onMs, { seconds: false }),
      }),
    ),
    c.second_drone ? t("aid.second_drone") : "",
  ];
  return `${parts.filter(Boolean).join(", ")}.`;
}

/** @param {Model} model */
function ending(model) {
  return html`<section class="ask ending"><h2>${t("hurt.ending")}</h2>
    ${sureButton(model, { what: "close", act: () => model.aid.close(), words: t("hurt.hand_over") })}
    ${sureButton(model, { what: "withdraw", act: () => model.aid.withdraw(), words: t("hurt.mistake") })}</section>`;
}

/** @param {Model} model @param {Phone.Casualty | null} c */
function end(model, c) {
  return html`<div class="end">
    <button class="plain" data-act="done" @click=${() => model.go("home")}>${t("sent.done")}</button>
    <button class="primary" data-act="card" @click=${() => model.go("aid")}>${t(c ? "hurt.card" : "nav.aid")}</button>
  </div>`;
}
