// What the machine knows of an incident that grew from warnings: who was told, what happened when.
import {html, nothing} from '../../vendor/lit/lit.mjs';
import {t} from '../../core/i18n.mjs';
import {shortDay} from './parts.mjs';

const BEFORE_MS = 15_000;
const zulu = (/** @type {number} */ t_ms) => `${new Date(t_ms).toISOString().slice(11, 19)} Z`;

/** @param {any} i  filled @param {any} app  the console, where it can look back */
export function story(i, app) {
  if (!i.episode) return nothing;
  const facts = /** @type {[string, any][]} */ ([['alerts', i.alert_ids.length], ['reports', i.report_ids.length], ['casualties', (i.casualty_ids ?? []).length], ['tracks', (i.tracks ?? []).map((/** @type {number} */ n) => `#${n}`).join(' ')]])
    .filter(([, v]) => v);
  const told = i.told;
  return html`<section class="story"><h2>${t('console.inc.grew')}</h2>
    ${i.status === 'candidate' ? html`<p class="pad unproved" role="status">${t('console.inc.unproved')}</p>` : nothing}
    <ul class="facts">${facts.map(([name, v]) => html`<li><span>${t(`console.inc.${name}`)}</span><b class="num">${v}</b></li>`)}
      ${told ? ['people', 'delivered', 'seen', 'safe', 'not_reached'].map((k) => html`<li class=${k === 'not_reached' && told[k] ? 'bad' : ''}><span>${t(`console.inc.told.${k}`)}</span><b class="num">${told[k] ?? 0}</b></li>`) : nothing}</ul>
    ${i.timeline?.length ? html`<ol class="moments">${i.timeline.map((/** @type {any} */ m) => html`<li data-what=${m.what}><time class="num">${zulu(m.t_ms)}</time><span>${say(m)}</span></li>`)}</ol>` : nothing}
    ${i.timeline?.length && app?.past?.may ? html`<div class="acts flat"><button class="ghost" data-act="replay" @click=${() => replay(app, i.timeline[0].t_ms)}>${t('console.inc.replay_here')}</button></div>` : nothing}
    <p class="hint pad">${t('console.inc.replay')}<br><span class="code">${replayOf(i)}</span></p></section>`;
}

/** The Watch tab, a little before it began. @param {any} app @param {number} t_ms */
function replay(app, t_ms) {
  app.act.tab('watch');
  app.past.seek(t_ms - BEFORE_MS);
}

/** @param {{what: string, n?: number, place?: string}} m */
function say(m) {
  const word = t(`console.inc.moment.${m.what}`);
  return [m.place ? `${word}: ${m.place}` : word, m.n ? `(${m.n})` : ''].filter(Boolean).join(' ');
}

/** Who else has signed the ledger's root, and who has been shown another one. @param {any} w */
export function witnessed(w) {
  if (!w || !(w.ours.length + w.theirs.length)) return nothing;
  const when = (/** @type {number} */ t_ms) => `${new Date(t_ms).toISOString().slice(0, 16).replace('T', ' ')} Z`;
  return html`${w.ours.map((/** @type {any} */ o) => html`<p class=${o.state === 'objects' ? 'failed' : ''} data-witness=${o.state}>${t(`console.witness.${o.state}`, {who: o.url, size: o.size, at: o.t_ms ? when(o.t_ms) : '–', why: o.why})}</p>`)}
    ${w.theirs.map((/** @type {any} */ l) => html`<p class=${l.evidence ? 'failed' : ''}>${t(l.evidence ? 'console.witness.split' : 'console.witness.theirs', {log: l.log, size: l.size})}</p>`)}`;
}

/** Every decision again, computed from the journal, and why each was made. */
const replayOf = (/** @type {any} */ i) => `vigia replay DATA; vigia why PERSON ${i.begins}`;

/** Candidates of the machine that wait for a person, with the two decisions at hand.
 * @param {any[]} rows @param {{look: (id: string) => void, decide: (row: any, status: string) => void, busy: boolean}} acts */
export function proposals(rows, acts) {
  const waiting = rows.filter((r) => r.record.episode && r.record.status === 'candidate');
  if (!waiting.length) return nothing;
  return html`<section class="episodes proposals"><h4>${t('console.inc.proposed')} <b class="num">${waiting.length}</b><em>${t('console.inc.proposed_hint')}</em></h4>
    ${waiting.slice(0, 4).map((r) => html`<div class="episode" data-proposal=${r.id}><span class="num">${shortDay(r.record.begins)}</span>
      <b>${t(`console.inc.kind.${r.record.kind}`)} · ${r.record.place?.name || '?'}</b>${r.record.mark && r.record.mark !== 'actual' ? html`<i class="tag">${t(`alert.mark.${r.record.mark}`)}</i>` : nothing}
      <span>${r.record.told ? t('console.inc.warned', {n: r.record.told.people ?? 0}) : ''}</span>
      <button class="ghost" @click=${() => acts.look(r.id)}>${t('console.inc.look')}</button>
      <button class="ghost" data-act="verify-now" ?disabled=${acts.busy} @click=${() => acts.decide(r, 'verified')}>${t('console.inc.verify')}</button>
      <button class="ghost" data-act="reject-now" ?disabled=${acts.busy} @click=${() => acts.decide(r, 'rejected')}>${t('console.inc.reject')}</button></div>`)}</section>`;
}
