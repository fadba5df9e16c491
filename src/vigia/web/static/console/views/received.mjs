// Context -> what other agencies sent (CAP), with the verdict at receipt. It warns nobody by itself.
import {html, nothing} from '../../vendor/lit/lit.mjs';
import {t} from '../../core/i18n.mjs';
import {zulu} from '../format.mjs';

/** @typedef {import('../app.mjs').Context} Context */

const ROWS_MAX = 50;

/** Nothing where nothing came: most sites have no neighbours that send. @param {Context} c */
export function receivedPart(c) {
  const rows = c.ui.received ?? [];
  if (rows.length === 0) return nothing;
  return html`<section class="received"><header><h2>${t('console.cap.title')}</h2><em>${t('console.cap.explain')}</em></header>
    <ul>${rows.slice(0, ROWS_MAX).map(receivedRow)}</ul></section>`;
}

function receivedRow(/** @type {any} */ m) {
  const trusted = m.trust === 'trusted';
  return html`<li data-trust=${m.trust}>
    <span class="num">${zulu(m.received_ms)} Z</span>
    <b class="verdict">${trusted ? '✓' : '!'} ${t(`console.cap.trust.${m.trust}`)}</b>
    <span>${m.status && m.status !== 'Actual' ? html`<i class="tag">${m.status}</i> ` : nothing}<b>${m.headline || m.event || t('console.cap.unread')}</b>
      <small>${[m.sender, m.msg_type, m.area, m.urgency, m.severity, m.certainty, trusted ? '' : m.why].filter(Boolean).join(' · ')}</small>
      ${m.instruction ? html`<small>${m.instruction}</small>` : nothing}</span></li>`;
}
