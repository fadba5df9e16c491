// What is near -> a sketch around the reader, north up, and the same as a list for who cannot see it.

import { html, nothing, svg } from "../../vendor/lit/lit.mjs";
import { t } from "../../core/i18n.mjs";
import { clockTime, compassPoint, distance } from "../../core/geo.mjs";
import { isSighting } from "../../core/doors.mjs";
import * as icons from "../icons.mjs";
import * as near from "../near_map.mjs";
import { ageText } from "./frame.mjs";
import { page } from "./lists.mjs";

/** @typedef {import('../model.mjs').Model} Model */
/** @typedef {near.Item} Item */

const FIX_OLD_MS = 600_000;
const R = 150; // of the drawn disc

/** @type {number | null} the scale the person chose; null: what fits */
let chosen = null;

/** @param {Model} model */
export function mapView(model) {
  const mid = near.middle({
    fix: model.place.now(),
    post: model.ownPost(),
    origin: model.origin,
    freshMs: FIX_OLD_MS,
  });
  if (!mid) return page(model, "map", t("nav.map"), html`<p class="empty">${t("map.nothing")}</p>`);
  const items = near.ranked(itemsOf(model, mid.spot));
  const scale_m = chosen ?? near.fittingScale(items);
  const zoom = (/** @type {-1 | 1} */ step) => {
    chosen = near.stepped(scale_m, step);
    model.change();
  };
  return page(
    model,
    "map",
    t("nav.map"),
    html`${drawing(model, items, mid, scale_m)}
      <div class="zooms"><p class="note">${t(`map.middle_${mid.from}`)} ${t("map.limits")}</p>
        <button data-act="nearer" aria-label=${t("map.nearer")} @click=${() => zoom(-1)}>+</button>
        <button data-act="farther" aria-label=${t("map.farther")} @click=${() => zoom(1)}>−</button></div>
      <ul class="near-list">${items.map((item) => row(model, item))}</ul>`,
  );
}

/** @param {Model} model @param {near.Spot} from @returns {Item[]} */
function itemsOf(model, from) {
  const told = model.outbox
    .list()
    .filter(isSighting)
    .filter((e) => e.report_id === e.root && !model.reports.withdrawn(e))
    .map((entry) => ({
      entry,
      position: model.reports.positionNow(entry),
      bearing: model.reports.bearingNow(entry),
    }));
  const { kits = [], medics = [] } = model.kit.near ?? {};
  return [
    ...near.droneItems(model.warnings.open()),
    ...near.sightingItems(told, from, model.clock.wall()),
    ...near.placeItems("post", model.posts.map((p) => ({ ...p, id: p.post_id })), from),
    ...near.placeItems("kit", kits.map((k) => ({ ...k, id: k.kit_id, name: k.post })), from),
    ...near.placeItems("medic", medics.map((m) => ({ ...m, id: m.name, name: `${m.name}, ${m.post}` })), from),
  ];
}

/** @param {Model} model @param {Item[]} items @param {{spot: near.Spot, from: string}} mid @param {number} scale_m */
function drawing(model, items, mid, scale_m) {
  const k = R / scale_m;
  const danger = model.dangerRadiusM * k;
  const half = distance(scale_m / 2);
  const whole = distance(scale_m);
  const said = (/** @type {{value: string, unit: string} | null} */ d) => (d ? `${d.value} ${t(`unit.${d.unit}`)}` : "");
  return html`<svg class="near-map" viewBox="-165 -165 330 330" role="img" aria-label=${t("map.label", { n: items.length, scale: said(whole) })}>
    <circle class="ring" r=${R} /><circle class="ring" r=${R / 2} />
    <text class="ring-word" x="4" y=${-R / 2 - 3}>${said(half)}</text><text class="ring-word" x="4" y=${-R + 14}>${said(whole)}</text>
    <text class="north" x="0" y="-153" text-anchor="middle">${t("alert.point_short.n")}</text>
    ${mid.from === "me" && danger > 4 && danger < R ? svg`<circle class="danger-ring" r=${danger.toFixed(1)} />` : nothing}
    ${[...items].reverse().map((item) => mark(item, k))}
    ${mid.from === "me" ? svg`<circle class="me" r="7" />` : nothing}
  </svg>`;
}

/** @param {Item} item @param {number} k */
function mark(item, k) {
  const range = item.range_m ?? R / k;
  const beyond = range * k > R;
  const { x, y } = near.offset(Math.min(range * k, R), item.bearing_deg);
  const at = `translate(${x.toFixed(1)} ${(-y).toFixed(1)})`;
  if (beyond && item.kind !== "drone") return nothing;
  switch (item.kind) {
    case "drone":
      return svg`${wedge(0, 0, item.bearing_deg, item.spreadDeg ?? 20, R, "drone-way")}
        <g class="mark-drone" transform=${at}><path d="M0 -11l11 19h-22z" /></g>`;
    case "sighting":
      return svg`${item.aimDeg === undefined ? nothing : wedge(x, -y, item.aimDeg, item.spreadDeg ?? 20, 60, "seen-way")}
        <circle class="mark-seen" transform=${at} r="4" />`;
    case "post":
      return svg`${(item.radius_m ?? 0) * k > 6 ? svg`<circle class="post-area" transform=${at} r=${((item.radius_m ?? 0) * k).toFixed(1)} />` : nothing}
        <rect class="mark-post" transform=${at} x="-6" y="-6" width="12" height="12" /><text class="name" transform=${at} y="19" text-anchor="middle">${item.name}</text>`;
    case "kit":
      return svg`<path class="mark-kit" transform=${at} d="M-2 -6h4v4h4v4h-4v4h-4v-4h-4v-4h4z" />`;
    default:
      return svg`<circle class="mark-medic" transform=${at} r="5" />`;
  }
}

/** @param {number} x @param {number} y @param {number} deg @param {number} spread @param {number} r @param {string} look */
function wedge(x, y, deg, spread, r, look) {
  const edge = (/** @type {number} */ d) => {
    const o = near.offset(r, d);
    return `${(x + o.x).toFixed(1)} ${(y - o.y).toFixed(1)}`;
  };
  const s = Math.min(spread, 89);
  return svg`<path class=${look} d="M${x.toFixed(1)} ${y.toFixed(1)}L${edge(deg - s)}A${r} ${r} 0 0 1 ${edge(deg + s)}Z" />`;
}

const ICON = { drone: icons.warn, sighting: icons.eye, post: icons.chevrons, kit: icons.aid, medic: icons.cross };

/** @param {Model} model @param {Item} item */
function row(model, item) {
  const far = item.range_m === null ? null : distance(item.range_m);
  const point = t(`alert.point.${compassPoint(item.bearing_deg)}`);
  const what = t(`map.kind.${item.kind}`);
  const old =
    item.tMs === undefined
      ? ""
      : item.kind === "drone"
        ? t("map.ago", { age: ageText(Math.max(0, model.now - item.tMs)) })
        : clockTime(item.tMs, { seconds: false });
  return html`<li data-near=${item.kind}>${ICON[item.kind]}<span><b>${[item.kind === "post" ? "" : what, item.name].filter(Boolean).join(" ")}</b>
    <small class="num">${[far ? `${far.value} ${t(`unit.${far.unit}`)}` : t("map.far_unknown"), point, old].filter(Boolean).join(" · ")}</small></span></li>`;
}
