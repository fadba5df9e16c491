// Drawings that leave the console: each as SVG or PNG, all of it with its numbers as PDF. Drawn by the server on white.
import {html, nothing} from '../../vendor/lit/lit.mjs';
import {language, t} from '../../core/i18n.mjs';
import {refusedWords} from './refused.mjs';

const PNG_SCALE = 3; // sharp on a projector

export class Briefing {
  /** @param {import('./desk.mjs').Desk} desk */
  constructor(desk) {
    this.desk = desk;
    /** @type {{name: string, title: string, svg: string, url: string}[]} */
    this.figures = [];
    this.asked = '';
    this.busy = false;
    /** @type {any} */
    this.error = null;
  }

  /** @param {object} question @param {string} areas  GeoJSON text, or '' */
  async draw(question, areas) {
    const body = {question, areas, lang: language()};
    this.asked = JSON.stringify(body);
    try {
      const {figures} = await this.desk.session.post('/incidents/figures', body);
      if (this.asked !== JSON.stringify(body)) return; // asked otherwise meanwhile
      for (const f of this.figures) URL.revokeObjectURL(f.url);
      this.figures = Object.entries(figures).map(([name, f]) => ({name, ...f, url: URL.createObjectURL(new Blob([f.svg], {type: 'image/svg+xml'}))}));
      this.error = null;
    } catch (error) {
      this.error = error;
    }
    this.desk.changed();
  }

  async paper(/** @type {string} */ lang) {
    this.busy = true;
    this.desk.changed();
    const body = JSON.stringify({...JSON.parse(this.asked), lang});
    const answer = await fetch('/api/v1/incidents/report', {method: 'POST', headers: {'content-type': 'application/json'}, body}).catch(() => null);
    if (answer?.ok) save(await answer.blob(), `incidents-${lang}.pdf`);
    else this.desk.say(t('console.inc.no_paper'));
    this.busy = false;
    this.desk.changed();
  }

  view() {
    if (this.error) return html`<p class="failed" role="alert">${refusedWords(this.error)}</p>`;
    if (!this.figures.length) return nothing;
    return html`<section class="briefing"><h4>${t('console.inc.briefing')}<em>${t('console.inc.briefing_hint')}</em>
        ${['en', 'es'].map((lang) => html`<button class="ghost" data-paper=${lang} ?disabled=${this.busy} @click=${() => this.paper(lang)}>PDF ${lang.toUpperCase()}</button>`)}</h4>
      <div class="sheets">${this.figures.map((f) => html`<figure data-figure=${f.name}><img src=${f.url} alt=${f.title}>
        <figcaption><b>${f.title}</b><button class="ghost" @click=${() => save(new Blob([f.svg], {type: 'image/svg+xml'}), `${f.name}.svg`)}>SVG</button><button class="ghost" @click=${() => png(f)}>PNG</button></figcaption></figure>`)}</div></section>`;
  }
}

/** @param {{name: string, url: string}} f */
async function png(f) {
  const image = new Image();
  image.src = f.url;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = image.naturalWidth * PNG_SCALE;
  canvas.height = image.naturalHeight * PNG_SCALE;
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  canvas.toBlob((blob) => { if (blob) save(blob, `${f.name}.png`); }, 'image/png');
}

/** @param {Blob} blob @param {string} name */
function save(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
