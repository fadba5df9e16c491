// Context -> the dialog that makes a one-time link and its QR code, to enrol an agent's phone.
import {html, nothing} from '../../vendor/lit/lit.mjs';
import {LANGS, t} from '../../core/i18n.mjs';
import {localTime} from '../format.mjs';

/** @typedef {import('../app.mjs').Context} Context */

const NAME_MAX = 80;

/** @param {Context} c */
export function inviteDialog(c) {
  const {invite} = c.ui;
  if (!invite) return nothing;
  return html`<div class="over" @click=${(/** @type {Event} */ e) => e.target === e.currentTarget && c.act.closeDialog()}>
    <div class="card dialog" role="dialog" aria-modal="true" aria-label=${t('console.invite.title')}>
      <h1>${t('console.invite.title')}</h1>
      ${invite.made ? made(c, invite.made) : form(c, invite)}
    </div></div>`;
}

function form(/** @type {Context} */ c, /** @type {any} */ invite) {
  const send = (/** @type {Event} */ e) => {
    e.preventDefault();
    const fields = new FormData(/** @type {HTMLFormElement} */ (e.target));
    const name = String(fields.get('name')).trim();
    if (!name || invite.busy) return;
    const person = {name, lang: fields.get('lang'), post_id: fields.get('post_id') || null};
    if (/** @type {any} */ (e).submitter?.name !== 'tak') return c.act.invite({...person, role: 'agent'});
    c.act.invite({...person, positions: fields.has('positions')}, '/tak/packages');
  };
  return html`<form @submit=${send}>
    <p>${t('console.invite.what')}</p>
    <label>${t('console.invite.name')}<input name="name" maxlength=${NAME_MAX} required autocomplete="off"></label>
    <label>${t('console.invite.post')}<select name="post_id">
      <option value="">${t('console.invite.no_post')}</option>
      ${c.state.posts.map((p) => html`<option value=${p.post_id}>${p.name}</option>`)}</select></label>
    <label>${t('settings.language')}<select name="lang">${LANGS.map((lang) => html`<option value=${lang}>${t(`lang.${lang}`)}</option>`)}</select></label>
    ${c.state.person?.role === 'admin' ? html`<details><summary>${t('console.invite.tak')}</summary><p>${t('console.invite.tak_what')}</p>
      <label class="tick"><input type="checkbox" name="positions"> ${t('console.invite.tak_positions')}</label>
      <button type="submit" name="tak" class="ghost" ?disabled=${invite.busy}>${t('console.invite.tak_do')}</button></details>` : nothing}
    ${invite.error ? html`<p class="failed" role="alert">${t('console.ask.failed', {why: invite.error})}</p>` : nothing}
    <footer><button type="button" class="ghost" @click=${c.act.closeDialog}>${t('console.invite.cancel')}</button>
      <button type="submit" class="primary" ?disabled=${invite.busy}>${t(invite.busy ? 'console.ask.sending' : 'console.invite.do')}</button></footer>
  </form>`;
}

/** Inline SVG has no namespace; an image needs one. @param {string} svg */
function imageOf(svg) {
  const whole = svg.includes('xmlns=') ? svg : svg.replace('<svg', '<svg xmlns="http://www.w3.org/2000/svg"');
  return `data:image/svg+xml;charset=utf-8,${encodeURIComponent(whole)}`;
}

/** The code is a picture from our own server; as an image it can run nothing. */
function made(/** @type {Context} */ c, /** @type {any} */ {link, qr_svg, expires_ms, name}) {
  return html`<p>${t('console.invite.show', {name, time: localTime(expires_ms)})}</p>
    <div class="qr"><img alt=${t('console.invite.qr')} src=${imageOf(qr_svg)}></div>
    <p class="link code">${link}</p>
    <footer><button class="primary" @click=${c.act.closeDialog}>${t('console.invite.close')}</button></footer>`;
}
