// The parts every view shares -> who, link, mark, tabs.

import { html, nothing } from "../../vendor/lit/lit.mjs";
import { hasWord, t } from "../../core/i18n.mjs";
import { age } from "../../core/geo.mjs";
import { isOwed } from "../../core/outbox.mjs";
import * as icons from "../icons.mjs";

/** "12 s" in the reader's language. */
export function ageText(ms) {
  const { n, unit } = age(ms);
  return `${n} ${t(`unit.${unit}`)}`;
}

/** Demo and exercise say so on every screen, in words and by a striped frame. */
export function markBar(mark) {
  if (mark === "actual") return nothing;
  return html`<div class="mark-bar"><b>${t(`alert.mark.${mark}`)}</b> ${t(`alert.mark_note.${mark}`)}</div>`;
}

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

function who(model) {
  return model.person?.name ?? "";
}

export function tabs(model) {
  const pressing = model.warnings.open().length;
  const owed = model.outbox.list().filter(isOwed).length;
  const tab = (view, icon, key, count) => html`<button
    class="tab" aria-current=${model.view === view ? "page" : "false"} @click=${() => model.go(view)}>
    ${icon}<span>${t(key)}${count ? html` · ${count}` : nothing}</span>
  </button>`;
  return html`<nav class="tabs">
    ${tab("home", icons.chevrons, "nav.report", 0)}
    ${tab("alerts", icons.bell, "nav.alerts", pressing)}
    ${tab("mine", icons.list, "nav.mine", owed)}
    ${tab("settings", icons.gear, "nav.settings", 0)}
  </nav>`;
}

/** A sensor kind in words; an unknown kind by its own name. */
export function kindWord(kind) {
  const key = `alert.source.${kind}`;
  return hasWord(key) ? t(key) : kind;
}

/** "a, b and c". */
export function listWords(words) {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} ${t("alert.and")} ${words.at(-1)}`;
}
