// A drone that lies on the ground -> what not to do, whom to call, and what to say.

import { html, nothing } from "../../vendor/lit/lit.mjs";
import { t } from "../../core/i18n.mjs";
import { clockTime } from "../../core/geo.mjs";
import { positionOf } from "../report.mjs";
import * as icons from "../icons.mjs";
import { hitButton } from "./frame.mjs";
import { page } from "./lists.mjs";

/** @typedef {import('../model.mjs').Model} Model */

const STEPS = ["away", "touch", "others", "radio", "wait"];

/** @param {Model} model */
export function groundView(model) {
  return page(model, "ground", t("nav.ground"), [
    call(model),
    html`<ol class="card ground-steps">${STEPS.map(
      (step, i) => html`<li data-step=${step}><b class="letter" aria-hidden="true">${i + 1}</b>
      <div><h3>${t(`ground.${step}.title`)}</h3><p>${t(`ground.${step}.text`)}</p></div></li>`,
    )}</ol>`,
    html`<section class="ask"><h2>${t("ground.say")}</h2><p class="radio-text">${radioText(model)}</p></section>`,
    html`<div class="holds one">${hitButton(model)}</div>`,
    html`<p class="note">${t("ground.unchecked")}</p>`,
  ]);
}

/** Numbers become a call; anything else is read. @param {Model} model */
function call(model) {
  const said = model.groundCall;
  const number = /\+?[\d][\d ().-]{5,}\d/.exec(said)?.[0].replace(/[^\d+]/g, "");
  if (!said) return html`<p class="ground-call" data-call="none">${icons.warn}<span><b>${t("ground.call")}</b>${t("ground.call_floor")}</span></p>`;
  return html`<p class="ground-call" data-call="set">${icons.warn}<span><b>${t("ground.call")}</b>${said}</span></p>
    ${number ? html`<a class="answer call" href=${`tel:${number}`}>${t("ground.do_call")}</a>` : nothing}`;
}

/** Nothing guessed: where this phone is, when, and that nobody has touched it. @param {Model} model */
function radioText(model) {
  const fix = model.place.now();
  const position = positionOf(fix);
  const where = position
    ? t("ground.near", { at: `${position.lat_deg.toFixed(5)} ${position.lon_deg.toFixed(5)}`, m: Math.round((position.sigma_m ?? 50) * 2) })
    : t("ground.no_position");
  return t("ground.radio", {
    who: model.person?.name ?? "",
    where,
    time: clockTime(model.now, { seconds: false }),
  });
}
