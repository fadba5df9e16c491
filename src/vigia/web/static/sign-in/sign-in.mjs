// A name and password, a passkey, a recovery code, the agency's provider or an invitation -> a
// session of the console. Everything is a form: Tab and Enter suffice.

import { LitElement, html, nothing } from "../vendor/lit/lit.mjs";
import { LANGS, language, onLanguage, preferredLanguage, setLanguage, t } from "../core/i18n.mjs";
import { ApiError, fetchJson, tokenFromHash } from "../core/session.mjs";
import { passkeysHere, usePasskey } from "../core/webauthn.mjs";
import * as icons from "../phone/icons.mjs";
import { restoreTheme } from "../phone/theme.mjs";

const API = "/api/v1/sign-in";

restoreTheme();

/** @param {string} path @param {unknown} [body] @returns {Promise<any>} */
const call = (path, body) =>
  fetchJson(API + path, body === undefined ? {} : { method: "POST", body });

class VigiaSignIn extends LitElement {
  createRenderRoot() {
    return this;
  }

  constructor() {
    super();
    this.token = tokenFromHash(location.hash);
    this.step = this.token ? "claim" : "password"; // claim, password, recovery, codes
    this.ways = { passwords: true, oidc: false, password_min: 12 };
    /** @type {string | null} */
    this.why = null;
    this.ready = false;
    this.busy = false;
    /** @type {string[]} */
    this.codes = [];
  }

  async connectedCallback() {
    super.connectedCallback();
    onLanguage(() => this.requestUpdate());
    await setLanguage(preferredLanguage(), { keep: false });
    this.ways = await call("").catch(() => this.ways);
    this.ready = true;
    this.dataset.ready = "";
    this.requestUpdate();
    await this.updateComplete;
    this._focus("input, .go");
  }

  /** @param {string} what */
  _focus(what) {
    /** @type {HTMLElement | null} */ (this.querySelector(what))?.focus();
  }

  /**
   * Does it once, says why it failed, goes to the console when it did not.
   * @param {() => Promise<{codes?: string[]} | null>} work
   */
  async attempt(work) {
    if (this.busy) return;
    this.busy = true;
    this.why = null;
    this.requestUpdate();
    try {
      const begun = await work();
      if (begun?.codes?.length) {
        history.replaceState(null, "", location.pathname);
        this.codes = begun.codes;
        this.step = "codes";
      } else location.assign("/console");
    } catch (error) {
      this.why = reason(error);
    }
    this.busy = false;
    this.requestUpdate();
    await this.updateComplete;
    this._focus(this.step === "codes" ? ".go" : "[role=alert]");
  }

  /** @param {SubmitEvent} event */
  submit(event) {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(/** @type {HTMLFormElement} */ (event.target)));
    if (this.step === "claim" && this.token) fields.token = this.token;
    this.attempt(() => call(`/${this.step}`, fields));
  }

  passkey() {
    this.attempt(async () => {
      const { challenge, options } = await call("/passkey/begin", {});
      return call("/passkey", { challenge, credential: await usePasskey(options) });
    });
  }

  render() {
    if (!this.ready) return nothing;
    return html`<header>
        ${icons.chevrons}<b>vigia</b>
        <div class="langs" role="group">${LANGS.map(
          (lang) =>
            html`<button type="button" aria-pressed=${String(language() === lang)} lang=${lang} @click=${() => setLanguage(lang)}>${t(`lang.${lang}`)}</button>`,
        )}</div>
      </header>
      <main>${this.step === "codes" ? this._codes() : this._form()}</main>`;
  }

  _form() {
    const { step } = this;
    return html`<h1>${t(`sign_in.${step}`)}</h1>
      ${step === "password" ? nothing : html`<p class="lead">${t(`sign_in.${step}_hint`, { n: this.ways.password_min })}</p>`}
      ${this.why ? html`<p class="notice bad" role="alert" tabindex="-1">${t(this.why)}</p>` : nothing}
      ${
        this.ways.passwords
          ? html`<form @submit=${(/** @type {SubmitEvent} */ event) => this.submit(event)}>
        <label>${t("sign_in.name")}<input name="login" autocomplete="username" autocapitalize="none" spellcheck="false" required minlength="3" maxlength="64"></label>
        ${step === "recovery" ? html`<label>${t("sign_in.code")}<input name="code" autocomplete="one-time-code" autocapitalize="characters" spellcheck="false" required></label>` : nothing}
        <label>${t(step === "password" ? "sign_in.word" : "sign_in.new_word")}<input name="password" type="password" autocomplete=${step === "password" ? "current-password" : "new-password"} required maxlength="256"></label>
        <button class="go" ?disabled=${this.busy}>${t("sign_in.do")}</button>
      </form>`
          : nothing
      }
      ${step === "claim" ? nothing : this._others()}`;
  }

  _others() {
    return html`<div class="steps">
      ${this.ways.oidc ? html`<a class="second" href="${API}/oidc">${t("sign_in.oidc")}</a>` : nothing}
      ${this.ways.passwords && passkeysHere() ? html`<button class="second" data-act="passkey" ?disabled=${this.busy} @click=${() => this.passkey()}>${t("sign_in.passkey")}</button>` : nothing}
      ${this.ways.passwords ? html`<button class="second" data-act="other" @click=${() => this._turn()}>${t(this.step === "password" ? "sign_in.use_code" : "sign_in.use_word")}</button>` : nothing}
    </div>
    <p class="hint">${t("sign_in.hint")}</p>`;
  }

  _turn() {
    this.step = this.step === "password" ? "recovery" : "password";
    this.why = null;
    this.requestUpdate();
  }

  _codes() {
    return html`<h1>${t("sign_in.codes")}</h1>
      <p class="lead">${t("sign_in.codes_hint")}</p>
      <ul class="codes">${this.codes.map((code) => html`<li>${code}</li>`)}</ul>
      <a class="go" data-act="open" href="/console">${t("sign_in.codes_kept")}</a>`;
  }
}

/** @param {unknown} thrown */
function reason(thrown) {
  const error = /** @type {ApiError} */ (thrown);
  if (error.name === "NotAllowedError" || error.name === "AbortError") return "sign_in.no_passkey";
  if (error.status === 429) return "sign_in.wait";
  if (error.status === 400) return "sign_in.weak";
  if (error.status === 409) return "sign_in.taken";
  if (error.status === 403) return "enrol.failed_used";
  return error.status === 401 ? "sign_in.wrong" : "enrol.failed_net";
}

/** @param {string} text base64url */
customElements.define("vigia-sign-in", VigiaSignIn);
