// Starts the phone page: model in, views out; shows alerts for real before it says "delivered".

import { LitElement, html, nothing } from "../vendor/lit/lit.mjs";
import { onLanguage, t } from "../core/i18n.mjs";
import { actionKey, arrival, detailKey, phase } from "./alerts.mjs";
import { Model } from "./model.mjs";
import { restoreTheme, setTheme, theme } from "./theme.mjs";
import { alertView } from "./views/alert.mjs";
import { aidView } from "./views/aid.mjs";
import { bulletinView, bulletinsView } from "./views/bulletins.mjs";
import { markBar } from "./views/frame.mjs";
import { homeView } from "./views/home.mjs";
import { groundView } from "./views/ground.mjs";
import { hurtView } from "./views/hurt.mjs";
import { kitView } from "./views/kit.mjs";
import { alertsView, mineView, moreView, settingsView } from "./views/lists.mjs";
import { mapView } from "./views/map.mjs";
import { sentView } from "./views/sent.mjs";
import { strangerView } from "./views/stranger.mjs";

const VERSION = "0.1.0";
const TICK_MS = 250; // countdowns; the other views need a look once a second

restoreTheme();

class VigiaPhone extends LitElement {
  createRenderRoot() {
    return this; // one stylesheet, strict CSP
  }

  constructor() {
    super();
    this.model = new Model({ db: "indexedDB" in globalThis });
    this.ready = false;
    this.said = "";
  }

  connectedCallback() {
    super.connectedCallback();
    this.model.addEventListener("change", () => this.requestUpdate());
    this.model.addEventListener("shout", (event) => this._shout(/** @type {CustomEvent} */ (event).detail));
    onLanguage(() => this.requestUpdate());
    document.addEventListener("visibilitychange", () => this.requestUpdate());
    for (const press of ["pointerdown", "keydown"]) {
      addEventListener(press, () => this.model.pressed(), { capture: true });
    }
    let ticks = 0;
    setInterval(() => {
      if (this.model.view === "alert" || ticks++ % 4 === 0) this.requestUpdate();
    }, TICK_MS);
    this.model.start().then(() => {
      this.ready = true;
      setTheme(theme());
      this.dataset.ready = "";
      this.requestUpdate();
    });
  }

  render() {
    if (!this.ready) return nothing;
    const { model } = this;
    const mark =
      model.view === "alert" ? (model.warnings.shown()?.alert.mark ?? model.mode) : model.mode;
    document.documentElement.dataset.mark = mark;
    document.documentElement.dataset.view = model.view;
    return html`${model.view === "alert" ? nothing : markBar(mark)} ${this._view()}
      <div class="sr-only" aria-live="assertive" role="alert">${this.said}</div>`;
  }

  _view() {
    const { model } = this;
    const stranger = model.enrolled === false && model.person === null;
    const unwelcome = !model.link.connected && (stranger || model.link.refused);
    if (unwelcome && model.warnings.open().length === 0) return strangerView(model);
    switch (model.view) {
      case "alert":
        return alertView(model);
      case "sent":
        return sentView(model);
      case "alerts":
        return alertsView(model);
      case "mine":
        return mineView(model);
      case "hurt":
        return hurtView(model);
      case "aid":
        return aidView(model);
      case "kit":
        return kitView(model);
      case "bulletins":
        return bulletinsView(model);
      case "bulletin":
        return bulletinView(model);
      case "map":
        return mapView(model);
      case "ground":
        return groundView(model);
      case "more":
        return moreView(model);
      case "settings":
        return settingsView(model, VERSION);
      default:
        return homeView(model);
    }
  }

  /** "delivered" means: drawn on a screen that somebody can look at. */
  updated() {
    if (document.hidden) return;
    const shown = [.../** @type {NodeListOf<HTMLElement>} */ (this.querySelectorAll("[data-alert]"))].map(
      (el) => el.dataset.alert ?? "",
    );
    if (shown.length === 0) return;
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        if (!document.hidden) for (const id of shown) this.model.warnings.displayed(id);
      }),
    );
  }

  /** @param {Phone.Held} record */
  _shout(record) {
    const { alert } = record;
    const now = this.model.now;
    const mark = alert.mark === "actual" ? "" : `${t(`alert.mark.${alert.mark}`)}. `;
    const eta = phase(record, now) === "open" ? arrival(alert, now) : { kind: "unknown" };
    const where = alert.from_point
      ? `${t("alert.from", { point: t(`alert.point.${alert.from_point}`) })}. `
      : "";
    const here = eta.kind === "here" ? t("alert.may_be_here") : "";
    this.said = `${mark}${t(actionKey(record, now))}. ${t(detailKey(record, now))} ${where}${here}`;
    this.requestUpdate();
  }
}

customElements.define("vigia-phone", VigiaPhone);

// Offline shell. A browser without it still has the page, the reports and the alerts.
navigator.serviceWorker
  ?.register("/static/sw.js", { scope: "/", type: "module", updateViaCache: "none" })
  .catch(() => {});
