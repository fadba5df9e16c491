// A bulletin as data: filled up for the form, what still keeps it from release, where it stands. Pure.
// The server decides; the same rules here only spare a round trip (vigia/records/bulletin.py).

export const LISTS = ['targeted', 'unknown', 'do', 'dont', 'report_to'];
export const TLP = ['TLP:RED', 'TLP:AMBER+STRICT', 'TLP:AMBER', 'TLP:GREEN', 'TLP:CLEAR'];
const OWN_ONLY = ['TLP:RED', 'TLP:AMBER+STRICT']; // never to another agency
export const LIKELIHOOD = ['almost_no_chance', 'very_unlikely', 'unlikely', 'even', 'likely', 'very_likely', 'almost_certain'];
export const ROLES = ['officer', 'watch_officer', 'analyst', 'releaser', 'admin', 'viewer'];
export const GROUPS = ['review', 'draft', 'force', 'expired', 'recalled'];

export const both = (/** @type {any} */ b) => ({en: b?.en ?? '', es: b?.es ?? ''});

/** Defaults are left out on the wire. @param {any} b */
export function filled(b) {
  const lists = Object.fromEntries(LISTS.map((name) => [name, (b[name] ?? []).map(both)]));
  return {
    status: 'draft', issuer: '', number: '', edition: 0, supersedes: '', issued: '', effective: '', expires: '',
    likelihood: null, tlp: 'TLP:AMBER', released_by: '', mark: 'actual', ...b, ...lists,
    title: both(b.title), summary: both(b.summary), handling: both(b.handling), likelihood_of: both(b.likelihood_of), reason: both(b.reason),
    known: (b.known ?? []).map((/** @type {any} */ s) => ({source: null, ...s, text: both(s.text)})),
    sources: (b.sources ?? []).map((/** @type {any} */ s) => ({title: '', url: '', sha256: '', published: '', grade: null, ...s})),
    recipients: {agencies: [], posts: [], roles: [], area: null, outside: false, ...b.recipients},
  };
}

/** @param {any} b  filled */
export function oneSided(b) {
  /** @type {[string, any][]} */
  const pairs = [['title', b.title], ['summary', b.summary], ['handling', b.handling], ['likelihood_of', b.likelihood_of], ['reason', b.reason]];
  for (const name of LISTS) b[name].forEach((/** @type {any} */ line, /** @type {number} */ n) => pairs.push([`${name} ${n + 1}`, line]));
  b.known.forEach((/** @type {any} */ s, /** @type {number} */ n) => pairs.push([`known ${n + 1}`, s.text]));
  return pairs.filter(([, p]) => Boolean(p.en.trim()) !== Boolean(p.es.trim())).map(([name]) => name);
}

/** What keeps it from being released: `{name, n, why}`; n from 1, 0 for none. @param {any} b  filled */
export function unready(b) {
  /** @type {{name: string, n: number, why: string}[]} */
  const out = [];
  const miss = (/** @type {string} */ name, why = 'empty', n = 0) => out.push({name, n, why});
  for (const name of ['issuer', 'effective', 'expires']) if (!b[name]) miss(name);
  for (const name of ['title', 'summary']) if (!b[name].en.trim()) miss(name);
  for (const name of ['do', 'report_to', 'known']) if (!b[name].length) miss(name);
  if (b.effective && b.expires && Date.parse(b.expires) <= Date.parse(b.effective)) miss('expires', 'order');
  if (b.recipients.outside && OWN_ONLY.includes(b.tlp)) miss('recipients', 'outside');
  b.known.forEach((/** @type {any} */ s, /** @type {number} */ n) => { if (s.source === null) miss('known', 'no_source', n + 1); });
  const cited = [...new Set(b.known.map((/** @type {any} */ s) => s.source).filter((/** @type {any} */ s) => s !== null))].sort();
  for (const i of cited) if (!b.sources[i]?.grade) miss('sources', 'no_grade', i + 1);
  for (const name of oneSided(b)) {
    const [key, n] = name.split(' ');
    miss(key, 'one_sided', Number(n ?? 0));
  }
  return out;
}

/** Which list it stands in. @param {any} row @param {number} now_ms */
export function groupOf(row, now_ms) {
  const {status, expires} = row.bulletin;
  if (status !== 'released') return status;
  return expires && Date.parse(expires) <= now_ms ? 'expired' : 'force';
}

/** How many of all have read it. @param {any} row */
export function readCount(row) {
  const others = row.others ?? [];
  const read = row.read.length + others.reduce((/** @type {number} */ n, /** @type {any} */ o) => n + o.read, 0);
  const open = row.unread.length + others.reduce((/** @type {number} */ n, /** @type {any} */ o) => n + o.unread, 0);
  return {read, all: read + open};
}

/** A source taken away: statements that cited it cite nothing, later ones move up. @param {any} b @param {number} gone */
export function withoutSource(b, gone) {
  b.sources.splice(gone, 1);
  for (const s of b.known) if (s.source === gone) s.source = null; else if (s.source > gone) s.source -= 1;
}

/** Zulu time of the form's box and back. */
export const toBox = (/** @type {string} */ iso) => (iso ? new Date(iso).toISOString().slice(0, 16) : '');
export const fromBox = (/** @type {string} */ box) => (box ? `${box}:00Z` : '');
