// The parts every view shares -> who, link, mark, tabs.

import { html, nothing } from "../../vendor/lit/lit.mjs";
import { hasWord, t } from "../../core/i18n.mjs";
import { age } from "../../core/geo.mjs";
import { isOwed } from "../../core/outbox.mjs";
import * as icons from "../icons.mjs";

/** @typedef {import('../model.mjs').Model} Model */

/** "12 s" in the reader's language. @param {number} ms */
export function ageText(ms) {
  const { n, unit } = age(ms);
  return `${n} ${t(`unit.${unit}`)}`;
}

/**
 * Demo and exercise say so on every screen, in words and by a striped frame.
 * @param {Wire.Mark} mark
 */
export function markBar(mark) {
  if (mark === "actual") return nothing;
  return html`<div class="mark-bar"><b>${t(`alert.mark.${mark}`)}</b> ${t(`alert.mark_note.${mark}`)}</div>`;
}

/** @param {Model} model */
export function statusLine(model) {
  const waiting = model.outbox.list().filter(isOwed).length;
  const { connected } = model.link;
  const state = connected
    ? "up"
    : model.link.wordAt === null && model.link.watchState.state === "connecting"
      ? "wait"
      : "down";
  const words = { up: "net.connected", wait: "net.connecting", down: "net.offline" }[state];
  return html`<header class="status">
    <b>vigia</b><span class="who">${who(model)}</span>
    <span class="net" data-state=${state} role="status">
      <i class="dot" aria-hidden="true"></i>
      <span>${t(words)}${waiting ? html` · ${t("net.waiting", { n: waiting })}` : nothing}</span>
    </span>
  </header>`;
}

/** @param {Model} model */
function who(model) {
  return model.person?.name ?? "";
}

/** @param {Model} model */
export function tabs(model) {
  const pressing = model.warnings.open().length;
  const owed = model.outbox.list().filter(isOwed).length;
  const unread = model.bulletins.unread().length;
  /** @param {string} view @param {unknown} icon @param {string} key @param {number} count */
  const tab = (view, icon, key, count) => html`<button
    class="tab" data-tab=${view} aria-current=${TAB_OF[model.view] === view ? "page" : "false"} @click=${() => model.go(view)}>
    ${icon}<span>${t(key)}</span>${count ? html`<b class="badge num"> ${count}</b>` : nothing}
  </button>`;
  return html`<nav class="tabs">
    ${tab("home", icons.chevrons, "nav.report", 0)}
    ${tab("alerts", icons.bell, "nav.alerts", pressing)}
    ${tab("bulletins", icons.sheet, "nav.bulletins", unread)}
    ${tab("aid", icons.aid, "nav.aid", 0)}
    ${tab("more", icons.gear, "nav.more", owed)}
  </nav>`;
}

/** @type {Record<string, string>} */
const TAB_OF = {
  ...{ home: "home", alerts: "alerts", bulletins: "bulletins", bulletin: "bulletins" },
  ...{ aid: "aid", kit: "aid", more: "more", mine: "more", settings: "more" },
  ...{ map: "more", ground: "more" },
};

/**
 * Held for a second, so that no pocket presses it; letting go earlier calls tap, if there is one.
 * A screen reader cannot hold: its press has to come twice.
 * @param {Model} model
 * @param {{what: string, act: () => unknown, tap?: (() => void) | null, body: unknown}} button
 */
export function holdButton(model, { what, act, tap = null, body }) {
  const start = (/** @type {Event} */ event) => {
    if (event instanceof KeyboardEvent) {
      if (!["Enter", " "].includes(event.key)) return;
      event.preventDefault(); // else it would also count as a screen reader's press
      if (event.repeat) return;
    }
    model.hold.start(what, act);
  };
  const click = (/** @type {MouseEvent} */ { detail }) => {
    if (detail !== 0) return; // a finger's or a mouse's: they hold
    if (tap) tap();
    else if (model.aid.sure(what)) act();
  };
  const stop = (/** @type {Event} */ event) => {
    const short = model.hold.stop(what);
    if (short && tap && (event.type === "pointerup" || event.type === "keyup")) tap();
  };
  const holding = model.hold.what === what;
  return html`<button class="hold ${what} ${holding ? "holding" : ""}" data-act=${what}
    @pointerdown=${start} @pointerup=${stop} @pointerleave=${stop} @pointercancel=${stop}
    @keydown=${start} @keyup=${stop} @click=${click} @contextmenu=${(/** @type {Event} */ event) => event.preventDefault()}>${body}</button>`;
}

/**
 * HIT: somebody is hurt. While a report of this phone is open, a tap opens it.
 * @param {Model} model
 */
export function hitButton(model) {
  const [open] = model.aid.open();
  const [longest] = model.aid.clocks();
  const hint =
    model.hold.what === "hit"
      ? t("attack.holding")
      : model.aid.asks("hit")
      ? t("hurt.sure")
      : longest?.long
        ? t("hurt.hint_long")
        : longest
        ? t("hurt.hint_tourniquet", { n: Math.floor(longest.ms / 60_000) })
        : open
          ? t("hurt.hint_open", { age: ageText(Math.max(0, model.now - open.hitMs)) })
          : t("hurt.hint");
  return holdButton(model, {
    what: "hit",
    act: () => model.aid.hit(),
    tap: open ? () => model.aid.show(open.id) : null,
    body: html`${icons.cross}<span>${t("hurt.button")}<small class="num">${hint}</small></span>`,
  });
}

/**
 * Pressed twice before it counts; what stands on it says so.
 * @param {Model} model
 * @param {{what: string, act: () => unknown, words: unknown, kind?: string, name?: string}} button
 */
export function sureButton(model, { what, act, words, kind = "plain", name = what }) {
  const asks = model.aid.asks(what);
  return html`<button class="${kind} ${asks ? "sure" : ""}" data-act=${name} @click=${act}>${asks ? t("hurt.sure") : words}</button>`;
}

/** A sensor kind in words; an unknown kind by its own name. @param {string} kind */
export function kindWord(kind) {
  const key = `alert.source.${kind}`;
  return hasWord(key) ? t(key) : kind;
}

/** "a, b and c". @param {string[]} words */
export function listWords(words) {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} ${t("alert.and")} ${words.at(-1)}`;
}
