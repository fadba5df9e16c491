// The state -> the first screen: what is true here, and the one big button.

import { html, nothing } from "../../vendor/lit/lit.mjs";
import { t } from "../../core/i18n.mjs";
import { POINTS, minutesSeconds } from "../../core/geo.mjs";
import { actionKey, arrival, direction, endKey, look, phase } from "../alerts.mjs";
import * as icons from "../icons.mjs";
import { ageText, hitButton, holdButton, kindWord, listWords, statusLine, tabs } from "./frame.mjs";

/** @typedef {import('../model.mjs').Model} Model */
/** @typedef {import('../model.mjs').SensorState} SensorState */

/** @param {Model} model */
export function homeView(model) {
  const compass = model.compass.state === "ok";
  return html`<main class="screen home">
    ${statusLine(model)} ${truth(model)} ${todo(model)}
    <button class="report" data-act="seen" @click=${() => model.report("seen")}>
      ${icons.quad}<span class="word">${t("home.drone_seen")}</span>
      <small>${t(compass ? "home.drone_seen_hint" : "home.drone_seen_hint_nocompass")}</small>
    </button>
    <div class="holds">${attackButton(model)} ${hitButton(model)}</div>
    <div class="pair">
      <button class="card-button" data-act="heard" @click=${() => model.report("heard")}>
        ${icons.ear}<span>${t("home.hear")}</span>
      </button>
      ${watchSwitch(model)}
    </div>
    ${tabs(model)}
  </main>`;
}

/** @param {Model} model */
function attackButton(model) {
  const holding = model.hold.what === "attack";
  return holdButton(model, {
    what: "attack",
    act: () => model.reports.attack(),
    body: html`${icons.warn}<span>${t("attack.button")}<small>${t(holding ? "attack.holding" : model.aid.asks("attack") ? "hurt.sure" : "attack.hint")}</small></span>`,
  });
}

/**
 * What waits for this person and is no alarm: bulletins, the check of the shift.
 * @param {Model} model
 */
function todo(model) {
  const rows = [];
  const unread = model.bulletins.unread();
  if (unread.length) {
    const key = model.bulletins.kept.reminded ? "osa.todo_again" : "osa.todo";
    const open = () =>
      unread.length === 1 ? model.bulletins.show(unread[0].id) : model.go("bulletins");
    rows.push(
      html`<button data-act="todo-bulletins" @click=${open}>${icons.sheet}<span>${t(key, { n: unread.length })}</span></button>`,
    );
  }
  if (model.kit.due())
    rows.push(
      html`<button data-act="todo-kit" @click=${() => model.go("kit")}>${icons.aid}<span>${t("kit.todo")}</span></button>`,
    );
  return rows.length ? html`<div class="todo">${rows}</div>` : nothing;
}

/** @param {Model} model */
function watchSwitch(model) {
  const hint = !model.onWatch
    ? "home.on_watch_hint_off"
    : model.quiet.on
      ? "home.on_watch_quiet"
    : !model.siren.unlocked
      ? "home.tap_sound"
      : model.wake.held
        ? "home.on_watch_hint_on"
        : "home.on_watch_nolock";
  return html`<button class="card-button watch-switch" data-act="watch" role="switch"
    aria-checked=${String(model.onWatch)} @click=${() => model.toggleWatch()}>
    <span class="top">${icons.eye}<i class="knob" aria-hidden="true"></i></span>
    <span>${t(model.onWatch ? "home.on_watch_on" : "home.on_watch_off")}<small>${t(hint)}</small></span>
  </button>`;
}

/**
 * One card. The worst news wins: an open alert, then a lost watch, then one that ended, then calm.
 * @param {Model} model
 */
export function truth(model) {
  const [open] = model.warnings.open();
  if (open) return alertCard(model, open);
  const { state, why } = model.link.watchState;
  if (state === "lost") return lostCard(model, why);
  if (model.cover?.watched === "lost") return blindCard(model);
  const [ended] = model.warnings.pressing();
  if (ended) return alertCard(model, ended); // an all clear is no news beside a watch that is lost
  if (state === "connecting")
    return plainCard(icons.clock, t("truth.connecting"), html`<p>${coverage(model)}</p>`);
  if (state === "starting")
    return plainCard(icons.clock, t("truth.watch_starting"), sirenLine(model));
  const limited =
    state === "degraded"
      ? html`<p class="limited">${t("truth.watch_degraded")}${why ? `: ${why}` : ""}</p>`
      : nothing;
  return plainCard(
    icons.bell,
    t("truth.none"),
    html`<p>${coverage(model)}</p>${limited}${sirenLine(model)}`,
  );
}

/** @param {unknown} icon @param {string} title @param {unknown} body */
function plainCard(icon, title, body) {
  return html`<section class="truth">${icon}<div><h1>${title}</h1>${body}</div></section>`;
}

/** @param {Model} model @param {string | null} why */
function lostCard(model, why) {
  const said =
    why === "link" || !model.link.connected ? "truth.watch_lost_detail" : "truth.watch_lost_server";
  const heard = model.link.wordAgeMs;
  return html`<section class="truth lost" role="alert">${icons.lost}<div>
    <h1>${t("truth.watch_lost")}</h1>
    <p>${t(said)}</p>
    ${heard === null ? nothing : html`<p class="num" aria-hidden="true">${t("net.last_word", { age: ageText(heard) })}</p>`}
  </div></section>`;
}

/** The watch runs, and no sensor works where this person is. @param {Model} model */
function blindCard(model) {
  const since = ageText(Math.max(0, model.now - (model.cover?.since_ms ?? model.now)));
  return html`<section class="truth lost" role="alert" data-cover="lost">${icons.lost}<div>
    <h1>${t("truth.watch_lost")}</h1>
    <p>${t("truth.blind_here")}</p>
    <p class="num">${t("truth.since", { age: since })}</p>
  </div></section>`;
}

/** What is declared to watch here and what of it works: classes of drones, sides, no radar. @param {Wire.Cover} cover */
function declared({ watched, classes }) {
  if (watched === "none" || watched === "unproved") return t(`cover.${watched}`);
  const works = classes.filter((c) => c.points.length);
  const lost = classes.filter((c) => !c.points.length);
  const names = (/** @type {Wire.CoverClass[]} */ list) => listWords(list.map((c) => t(`cover.class.${c.drones}`)));
  const seen = new Set(works.flatMap((c) => c.points));
  const open = POINTS.filter((p) => !seen.has(p)).map((p) => t(`alert.point.${p}`));
  return [
    t("cover.only", { list: names(works) }),
    works.some((c) => c.kinds.includes("radar")) ? "" : t("cover.no_radar"),
    lost.length ? t("cover.not_now", { list: names(lost) }) : "",
    open.length ? t("cover.open_sides", { list: listWords(open) }) : "",
  ]
    .filter(Boolean)
    .join(" ");
}

/** Calm is not safe: say who watches, who does not, and what that cannot see. @param {Model} model */
function coverage(model) {
  if (model.cover) return declared(model.cover);
  if (model.coverage === null) return t("truth.covered_unknown");
  const sensors = model.coverage;
  const works = (/** @type {SensorState} */ s) => s.state === "ok" || s.state === "unproved";
  const kinds = (/** @type {(s: SensorState) => boolean} */ wanted) => [...new Set(sensors.filter(wanted).map((s) => s.kind))];
  const seeing = kinds(works);
  const watching = seeing.map(kindWord);
  const blind = kinds((s) => !works(s)).map((kind) =>
    seeing.includes(kind) ? t("truth.some", { kind: kindWord(kind) }) : kindWord(kind),
  );
  const parts = [
    watching.length ? t("truth.covered", { list: listWords(watching) }) : t("truth.covered_people"),
  ];
  parts.push(blind.length ? t("truth.blind", { list: listWords(blind) }) : t("truth.limits"));
  return parts.join(" ");
}

/** @param {Model} model */
function sirenLine(model) {
  const truth = model.link.connected ? model.sirenTruth() : "cannot";
  const icon =
    truth === "on" || truth === "screen"
      ? icons.soundOn
      : truth === "quiet" || truth === "earphone"
        ? icons.shake
        : icons.soundOff;
  return html`<p class="siren-line" data-siren=${truth}>${icon}<span>${t(`truth.siren_${truth}`)}</span></p>
    ${model.quiet.unplugged ? html`<p class="limited" role="alert">${t("quiet.unplugged")}</p>` : nothing}
    ${model.quiet.ended ? html`<p class="limited" role="status">${t("quiet.ended")}</p>` : nothing}`;
}

/** The worst open warning as a card above what somebody is telling. @param {Model} model */
export function openCard(model) {
  const [open] = model.warnings.open();
  return open ? alertCard(model, open) : nothing;
}

/** @param {Model} model @param {Phone.Held} record */
function alertCard(model, record) {
  const { alert } = record;
  const now = model.now;
  const state = phase(record, now);
  const where = direction(alert, null);
  /** @type {Phone.Arrival} */
  const eta = state === "open" ? arrival(alert, now) : { kind: "unknown" };
  const time =
    eta.kind === "count"
      ? t("alert.as_soon_as_time", { time: minutesSeconds(eta.ms) })
      : eta.kind === "here"
        ? t("alert.may_be_here")
        : null;
  const mark =
    alert.mark === "actual"
      ? nothing
      : html`<em class="mark">${t(`alert.mark.${alert.mark}`)}</em>`;
  return html`<button class="truth alert-card look-${look(record, now)}" data-act="open-alert" data-alert=${record.alert_id}
    @click=${() => model.warnings.show(record.alert_id)}>
    ${icons.warn}<div><h1>${mark}${t(actionKey(record, now))}</h1>
    <p>${
      state === "ended"
        ? t(endKey(alert))
        : html`${where ? t("alert.from", { point: t(where.pointKey) }) : nothing}${where && time ? ", " : nothing}<span class="num">${time}</span>`
    }</p></div>
  </button>`;
}
