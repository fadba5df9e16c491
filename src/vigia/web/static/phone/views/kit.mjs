// The check at the start of a shift: four questions, ten seconds, gloves on.

import { html, nothing } from "../../vendor/lit/lit.mjs";
import { t } from "../../core/i18n.mjs";
import { clockTime } from "../../core/geo.mjs";
import * as icons from "../icons.mjs";
import { ITEMS, isComplete, lacks } from "../kit.mjs";
import { statusLine, tabs } from "./frame.mjs";

/** @typedef {import('../model.mjs').Model} Model */

/** @param {Model} model */
export function kitView(model) {
  const { draft } = model.kit;
  /** @param {"tourniquet" | "armour" | "medic"} name @param {string} key */
  const yesNo = (name, key) => section(key, html`<div class="chips two">${[true, false].map((v) => pick(draft[name] === v, t(v ? "hurt.yes" : "hurt.no"), () => model.kit.set({ [name]: v }), `${name}-${v}`))}</div>`);
  const asking = model.kit.again || !model.kit.fresh();
  const again = () => {
    model.kit.again = true;
    model.change();
  };
  return html`<main class="screen kit">
    ${statusLine(model)} ${lastCheck(model)}
    <div class="scroll" tabindex="0">
      ${asking ? html`${kitChoice(model, draft)} ${yesNo("tourniquet", "kit.tourniquet")} ${yesNo("armour", "kit.armour")} ${yesNo("medic", "kit.medic")}` : answers(model)}
    </div>
    <div class="end"><button class="plain" data-act="back" @click=${() => model.go("aid")}>${t("hurt.cancel")}</button>
    ${asking ? html`<button class="primary big" data-act="send-check" ?disabled=${!isComplete(draft)} @click=${() => model.kit.send()}>${t("kit.send")}</button>` : html`<button class="plain big" data-act="again" @click=${again}>${t("kit.again")}</button>`}</div>
    ${tabs(model)}
  </main>`;
}

/** @param {string} key @param {unknown} body */
const section = (key, body) => html`<section class="ask"><h2>${t(key)}</h2>${body}</section>`;

/** @param {boolean} on @param {unknown} words @param {() => unknown} act @param {string} name */
const pick = (on, words, act, name) =>
  html`<button class="chip" data-say=${name} aria-pressed=${String(on)} @click=${act}>${words}</button>`;

/** @param {Model} model @param {Phone.KitDraft} draft */
function kitChoice(model, draft) {
  const kits = model.kit.near?.all_kits ?? [];
  /** @param {string} kit_id @param {string} name */
  const one = (kit_id, name) => pick(draft.kit_id === kit_id, name, () => model.kit.set({ kit_id }), `kit-${kit_id || "none"}`);
  return html`${section("kit.which", html`<div class="chips two">${kits.map((k) => one(k.kit_id, k.name))} ${one("", t("kit.none"))}</div>`)}
    ${
      draft.kit_id
        ? section(
            "kit.complete",
            html`<div class="chips two">${pick(draft.kit_ok === true, t("kit.all_there"), () => model.kit.set({ kit_ok: true, missing: [] }), "ok-true")}
            ${pick(draft.kit_ok === false, t("kit.lacks"), () => model.kit.set({ kit_ok: false }), "ok-false")}</div>
            ${draft.kit_ok === false ? html`<p class="told">${t("kit.missing")}</p><div class="chips two">${ITEMS.map((i) => pick(draft.missing.includes(i), t(`ready.item.${i}`), () => model.kit.toggleMissing(i), `missing-${i}`))}</div>` : nothing}`,
          )
        : nothing
    }`;
}

/** What the check said, line by line. @param {Model} model */
function answers(model) {
  const body = model.kit.said()?.body;
  if (!body) return nothing;
  const name = model.kit.near?.all_kits?.find((k) => k.kit_id === body.kit_id)?.name;
  const yesNo = (/** @type {boolean | null} */ v) => t(v ? "hurt.yes" : "hurt.no");
  /** @type {([string, string] | null)[]} */
  const rows = [
    [t("kit.which"), body.kit_id ? (name ?? body.kit_id) : t("kit.none")],
    body.kit_id ? [t("kit.complete"), yesNo(body.kit_ok)] : null,
    body.missing.length ? [t("kit.missing"), body.missing.map((i) => t(`ready.item.${i}`)).join(", ")] : null,
    [t("kit.tourniquet"), yesNo(body.tourniquet)],
    [t("kit.armour"), yesNo(body.armour)],
    [t("kit.medic"), yesNo(body.medic)],
  ];
  return html`<dl class="answered">${rows.filter((r) => r !== null).map(([q, a]) => html`<div><dt>${q}</dt><dd>${a}</dd></div>`)}</dl>`;
}

/** What was said last; a check older than a shift counts no longer. @param {Model} model */
function lastCheck(model) {
  const said = model.kit.said();
  if (!said || !model.kit.fresh())
    return html`<section class="outcome" data-look="queued">${icons.clock}<div><h1>${t("kit.due")}</h1><p>${t("kit.due_detail")}</p></div></section>`;
  const told = !said.entry || said.entry.state === "received";
  const refused = said.entry?.state === "refused";
  const why = lacks(said.body);
  const title = why.length ? why.map((k) => t(k)).join(", ") : t("kit.ready");
  const look = refused ? "refused" : told && !why.length ? "ok" : "queued";
  const detail = refused
    ? t("sent.refused_detail", { why: said.entry?.why ?? "" })
    : t(told ? "kit.told" : "kit.not_told");
  return html`<section class="outcome" data-look=${look} data-told=${String(told)} role="status">${told && !why.length ? icons.tick : icons.clock}
    <div><h1>${title}</h1><p class="num">${clockTime(said.tMs, { seconds: false })} · ${detail}</p></div></section>`;
}
