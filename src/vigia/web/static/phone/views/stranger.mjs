// A device that is not, or no longer, enrolled -> what to do about it.

import { html } from "../../vendor/lit/lit.mjs";
import { t } from "../../core/i18n.mjs";
import * as icons from "../icons.mjs";

/** @typedef {import('../model.mjs').Model} Model */

/** @param {Model} model */
export function strangerView(model) {
  const words = model.person ? "enrol.revoked" : "enrol.needed";
  return html`<main class="screen stranger" role="alert">
    ${icons.quad}<h1>${t(words)}</h1><p>${t(`${words}_hint`)}</p>
  </main>`;
}
