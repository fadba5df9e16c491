// Tourniquets that are on -> their minutes, big; and one tap for the next one.

import { html, nothing } from "../../vendor/lit/lit.mjs";
import { t } from "../../core/i18n.mjs";
import { clockTime } from "../../core/geo.mjs";
import { LIMBS } from "../casualty.mjs";
import * as icons from "../icons.mjs";
import { sureButton } from "./frame.mjs";

/** @typedef {import('../model.mjs').Model} Model */

/**
 * Long on: said in words and by its frame; no noise, it would give a place away.
 * @param {Model} model
 */
export function clockRows(model) {
  const clocks = model.aid.clocks();
  if (!clocks.length) return nothing;
  return html`<div class="clocks" role="group" aria-label=${t("hurt.clocks")}>${clocks.map(
    (q) => html`<div class="tq" data-tourniquet=${q.id} data-long=${String(q.long)}>
      <span><b class="num">${Math.floor(q.ms / 60_000)}<i> ${t("unit.min")}</i></b>
      <small class="num">${t(`aid.body.${q.limb}`)} · ${t("hurt.on_since", { time: clockTime(q.onMs, { seconds: false }) })}</small>
      ${q.long ? html`<em role="status">${icons.warn}${t("hurt.long")}</em>` : nothing}</span>
      <button class="plain ${model.aid.asks(`off-${q.id}`) ? "sure" : ""}" data-act="off" @click=${() => model.aid.off(q)}>${t(model.aid.asks(`off-${q.id}`) ? "hurt.sure" : "hurt.off")}</button>
      ${sureButton(model, { what: `back-tourniquet/${q.id}`, name: "never-on", act: () => model.aid.takeBack(`tourniquet/${q.id}`, q.casualty_id), words: t("hurt.never_on") })}
    </div>`,
  )}</div>`;
}

/** @param {Model} model */
export function limbButtons(model) {
  return html`<div class="chips two limbs">${LIMBS.map(
    (limb) => html`<button class="chip" data-limb=${limb} @click=${() => model.aid.tourniquet(limb)}>${t(`aid.body.${limb}`)}</button>`,
  )}</div>`;
}
