// An invitation link -> this device's key bound to its person; then compass, position and siren.

import { LitElement, html, nothing } from "../vendor/lit/lit.mjs";
import { LANGS, language, onLanguage, preferredLanguage, setLanguage, t } from "../core/i18n.mjs";
import { session, tokenFromHash } from "../core/session.mjs";
import * as icons from "../phone/icons.mjs";
import { Compass, Place } from "../phone/sensors.mjs";
import { Siren } from "../phone/siren.mjs";
import { restoreTheme } from "../phone/theme.mjs";

restoreTheme();

class VigiaEnrol extends LitElement {
  createRenderRoot() {
    return this;
  }

  constructor() {
    super();
    this.token = tokenFromHash(location.hash);
    this.step = "ask"; // ask, working, done, failed
    this.why = "enrol.failed_net";
    /** @type {Phone.Device | null} */
    this.device = null;
    /** @type {Phone.Device | null} */
    this.known = null;
    this.ready = false;
    this.tested = false;
    this.compass = new Compass();
    this.place = new Place();
    this.siren = new Siren();
  }

  async connectedCallback() {
    super.connectedCallback();
    onLanguage(() => this.requestUpdate());
    for (const source of [this.place, this.siren])
      source.addEventListener("change", () => this.requestUpdate());
    await setLanguage(preferredLanguage(), { keep: false });
    this.known = await session.device().catch(() => null);
    this.ready = true;
    this.dataset.ready = "";
    this.requestUpdate();
  }

  async enrol() {
    if (!this.token) return; // the button is not there without one
    this.step = "working";
    this.requestUpdate();
    try {
      this.device = await session.enrol(this.token);
      history.replaceState(null, "", location.pathname); // the token is spent: no copy of it stays
      await setLanguage(preferredLanguage(this.device.person?.lang), { keep: false });
      await session.open();
      this.step = "done";
      this.compass.start();
      await this.place.start();
    } catch (error) {
      this.step = "failed";
      this.why = reason(error);
    }
    this.requestUpdate();
  }

  render() {
    if (!this.ready) return nothing;
    return html`<header>
        ${icons.chevrons}<b>vigia</b>
        <div class="langs" role="group">${LANGS.map(
          (lang) =>
            html`<button aria-pressed=${String(language() === lang)} lang=${lang} @click=${() => setLanguage(lang)}>${t(`lang.${lang}`)}</button>`,
        )}</div>
      </header>
      ${this.step === "done" ? this._done() : this._ask()}`;
  }

  _ask() {
    const blocked =
      !globalThis.crypto?.subtle || !globalThis.isSecureContext
        ? "enrol.no_crypto"
        : !this.token
          ? "enrol.no_token"
          : null;
    return html`<h1>${t("enrol.title")}</h1>
      <p class="lead">${t("enrol.intro")}</p>
      ${this.known && !blocked ? html`<p class="notice">${t("enrol.already", { name: this.known.person?.name ?? "?" })}</p>` : nothing}
      ${blocked ? html`<p class="notice bad" role="alert">${t(blocked)}</p>` : nothing}
      ${this.step === "failed" ? html`<p class="notice bad" role="alert"><b>${t("enrol.failed")}.</b> ${t(this.why)}</p>` : nothing}
      <div class="room"></div>
      ${
        blocked
          ? nothing
          : html`<button class="go" data-act="enrol" ?disabled=${this.step === "working"} @click=${() => this.enrol()}>
        ${t(this.step === "working" ? "enrol.working" : this.step === "failed" ? "enrol.again" : "enrol.do")}</button>`
      }`;
  }

  _done() {
    const person = this.device?.person;
    const officer = !["officer", "agent"].includes(person?.role ?? "");
    return html`<h1>${t("enrol.done")}</h1>
      <p class="lead" role="status">${t("enrol.done_as", { name: person?.name ?? "" })}</p>
      <h2>${t("enrol.next")}</h2>
      <div class="steps">
        ${this._step("location", this.place.state === "ok", () => this.place.ask())}
        ${this.compass.state === "none" ? nothing : this._step("compass", this.compass.state === "ok", () => this._askCompass())}
        ${this._step("siren", this.tested, () => this._test(), "enrol.test")}
      </div>
      <p class="hint">${t("enrol.install")}</p>
      <div class="room"></div>
      ${
        officer
          ? html`<a class="go" data-act="open" data-page="console" href="/console">${t("enrol.open_console")}</a><a class="second" href="/">${t("enrol.open")}</a>`
          : html`<a class="go" data-act="open" data-page="phone" href="/">${t("enrol.open")}</a>`
      }`;
  }

  /** @param {string} name @param {boolean} done @param {() => unknown} act */
  _step(name, done, act, word = "enrol.allow") {
    return html`<div class="step"><span><b>${t(`enrol.${name}`)}</b><small>${t(`enrol.${name}_hint`)}</small></span>
      <button ?data-done=${done} @click=${act}>${done ? t("settings.ok") : t(word)}</button></div>`;
  }

  async _askCompass() {
    await this.compass.ask();
    setTimeout(() => this.requestUpdate(), 600); // the first reading takes a moment
  }

  async _test() {
    await this.siren.unlock();
    this.siren.ring(3, "exercise");
    this.tested = true;
    setTimeout(() => this.siren.stop(), 3_000);
    this.requestUpdate();
  }
}

/** @param {unknown} thrown */
function reason(thrown) {
  const error = /** @type {import('../core/session.mjs').ApiError} */ (thrown);
  if (error.message === "no-crypto") return "enrol.no_crypto";
  return error.status === 0 || error.status >= 500 ? "enrol.failed_net" : "enrol.failed_used";
}

customElements.define("vigia-enrol", VigiaEnrol);
