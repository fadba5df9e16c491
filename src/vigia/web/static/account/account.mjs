// One's own account at the console: where one is signed in, passkeys, the password, signing out.

import { LitElement, html, nothing } from "../vendor/lit/lit.mjs";
import { LANGS, language, onLanguage, preferredLanguage, setLanguage, t } from "../core/i18n.mjs";
import { ApiError, fetchJson } from "../core/session.mjs";
import { makePasskey, passkeysHere } from "../core/webauthn.mjs";
import * as icons from "../phone/icons.mjs";
import { restoreTheme } from "../phone/theme.mjs";

const API = "/api/v1";

restoreTheme();

/** @typedef {{login_id: string, method: string, opened_ms: number, address: string, browser: string, this: boolean}} Login */
/** @typedef {{login: string | null, codes_left: number, passkeys: {passkey_id: string, name: string}[]}} Account */

/** @param {string} path @param {unknown} [body] @returns {Promise<any>} */
const call = (path, body) =>
  fetchJson(API + path, body === undefined ? {} : { method: "POST", body });

class VigiaAccount extends LitElement {
  createRenderRoot() {
    return /** @type {any} */ (this);
  }

  constructor() {
    super();
    /** @type {Account | null} */
    this.account = null;
    /** @type {Login[]} */
    this.logins = [];
    this.name = "";
    this.passwords = false;
    /** @type {string | null} */
    this.why = null;
    /** @type {string | null} */
    this.done = null;
    /** @type {string[]} */
    this.codes = [];
  }

  async connectedCallback() {
    super.connectedCallback();
    onLanguage(() => this.requestUpdate());
    await setLanguage(preferredLanguage(), { keep: false });
    await this.load();
    this.dataset.ready = "";
  }

  async load() {
    try {
      const [me, account, ways, found] = await Promise.all([
        call("/me"),
        call("/account"),
        call("/sign-in"),
        call("/sessions"),
      ]);
      this.name = me.person.name;
      this.account = account;
      this.passwords = ways.passwords;
      this.logins = found.sessions;
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) location.assign("/sign-in");
      this.why = reason(error);
    }
    this.requestUpdate();
  }

  /** Does it, says what came of it, and shows the account as it is then.
   * @param {string} said @param {() => Promise<any>} work */
  async attempt(said, work) {
    this.why = this.done = null;
    try {
      const answer = await work();
      this.codes = answer?.codes ?? [];
      this.done = said;
      await this.load();
    } catch (error) {
      this.why = reason(error);
      this.requestUpdate();
    }
  }

  addPasskey() {
    this.attempt("account.passkey_added", async () => {
      const { challenge, options } = await call("/account/passkeys/begin", {});
      const credential = await makePasskey(options);
      return call("/account/passkeys", { challenge, credential, name: device() });
    });
  }

  /** @param {SubmitEvent} event */
  submit(event) {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const fields = Object.fromEntries(new FormData(form));
    this.attempt("account.password_set", () => call("/account/password", fields));
    form.reset();
  }

  async signOut() {
    try {
      await call("/sign-out", {});
      location.assign("/sign-in");
    } catch (error) {
      this.why = reason(error);
      this.requestUpdate();
    }
  }

  render() {
    return html`<header>
        ${icons.chevrons}<b>vigia</b>
        <div class="langs" role="group">${LANGS.map(
          (lang) =>
            html`<button type="button" aria-pressed=${String(language() === lang)} lang=${lang} @click=${() => setLanguage(lang)}>${t(`lang.${lang}`)}</button>`,
        )}</div>
      </header>
      <main>
        <h1>${t("account.title")}</h1>
        ${this.why ? html`<p class="notice bad" role="alert">${t(this.why)}</p>` : nothing}
        ${this.done ? html`<p class="notice said" role="status">${t(this.done)}</p>` : nothing}
        ${this.account ? this._account(this.account) : nothing}
        <div class="steps"><a class="second" href="/console">${t("account.back")}</a>
          <button class="second" data-act="sign-out" @click=${() => this.signOut()}>${t("account.sign_out")}</button></div>
      </main>`;
  }

  /** @param {Account} account */
  _account(account) {
    return html`<p class="lead">${this.name}${account.login ? ` · ${account.login}` : ""}</p>
      ${this.codes.length ? html`<h2>${t("sign_in.codes")}</h2><p>${t("sign_in.codes_hint")}</p><ul class="codes">${this.codes.map((code) => html`<li>${code}</li>`)}</ul>` : nothing}
      <h2>${t("account.sessions")}</h2>
      <ul>${this.logins.map(
        (one) => html`<li data-login=${one.login_id}><span>${t(`account.by.${one.method}`)} · ${at(one.opened_ms)}
          <small>${one.address} ${one.browser}</small></span>
          ${one.this ? html`<b>${t("account.this")}</b>` : html`<button @click=${() => this.attempt("account.ended", () => call(`/sessions/${one.login_id}/end`, { reason: "by its owner" }))}>${t("account.end")}</button>`}</li>`,
      )}</ul>
      ${this.passwords ? this._ways(account) : nothing}`;
  }

  /** @param {Account} account */
  _ways(account) {
    return html`<h2>${t("account.passkeys")}</h2>
      ${account.passkeys.length ? nothing : html`<p>${t("account.no_passkey")}</p>`}
      <ul>${account.passkeys.map(
        (one) => html`<li data-passkey=${one.passkey_id}><span>${one.name}</span>
          <button @click=${() => this.attempt("account.passkey_gone", () => call(`/account/passkeys/${one.passkey_id}/remove`, {}))}>${t("account.remove")}</button></li>`,
      )}</ul>
      ${passkeysHere() ? html`<button class="second" data-act="passkey" @click=${() => this.addPasskey()}>${t("account.add_passkey")}</button>` : html`<p class="hint">${t("account.passkey_name")}</p>`}
      <details><summary>${t("account.password")}</summary>
        <form @submit=${(/** @type {SubmitEvent} */ event) => this.submit(event)}>
          <label>${t("sign_in.name")}<input name="login" autocomplete="username" autocapitalize="none" spellcheck="false" required minlength="3" maxlength="64" .value=${account.login ?? ""}></label>
          ${account.login ? html`<label>${t("account.current")}<input name="current" type="password" autocomplete="current-password" required maxlength="256"></label>` : nothing}
          <label>${t("sign_in.new_word")}<input name="password" type="password" autocomplete="new-password" required maxlength="256"></label>
          <button class="go">${t("account.set")}</button>
          <p class="hint">${t("account.others_end")}</p>
        </form></details>
      <p class="hint">${t("account.codes_left", { n: account.codes_left })}</p>`;
  }
}

const at = (/** @type {number} */ t_ms) =>
  `${new Date(t_ms).toISOString().slice(0, 16).replace("T", " ")} Z`;

/** What a passkey is called, as far as the browser says what it runs on. */
function device() {
  const found = /(Android|iPhone|iPad|Windows|Mac OS X|CrOS|Linux)/.exec(navigator.userAgent);
  return `${found?.[1] ?? "passkey"} ${new Date().toISOString().slice(0, 10)}`;
}

/** @param {any} error */
function reason(error) {
  if (["NotAllowedError", "AbortError", "InvalidStateError"].includes(error.name)) return "sign_in.no_passkey";
  if (error.status === 429) return "sign_in.wait";
  if (error.status === 400) return "sign_in.weak";
  if (error.status === 409) return "sign_in.taken";
  return error.status === 401 || error.status === 403 ? "sign_in.wrong" : "enrol.failed_net";
}

customElements.define("vigia-account", VigiaAccount);
