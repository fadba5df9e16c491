// Incidents, counts and claims as data: filled for the form, cleaned for the wire, sliced, sorted. Pure.

export const STATUS = ['candidate', 'verified', 'rejected', 'merged'];
export const UNITS = ['attack', 'sortie', 'munition', 'device_found', 'sighting'];
export const KINDS = ['attack', 'surveillance', 'smuggling', 'finding', 'crash', 'near_miss', 'other'];
export const VICTIMS = ['agent', 'soldier', 'police', 'civilian', 'suspect', 'unsaid'];
export const CAUSES = ['drone', 'explosive', 'other', 'unsaid'];
export const PRECISION = ['minute', 'hour', 'day', 'month', 'year'];
export const CONFIDENCE = ['confirmed', 'likely', 'claimed', 'unknown'];
export const BY = ['year', 'month', 'country', 'region', 'unit', 'kind', 'target', 'victims', 'actor', 'status'];
export const PROFILES = ['vigia', 'latam', 'geojson'];
/** What contradicts comes first, what cannot be compared last. */
export const VERDICTS = ['contradicts', 'at_least', 'own_records_thin', 'agrees', 'fits', 'other_thing'];
const SLICE_BYTES = 56_000; // the server takes 64 kB with what is around it

/** @typedef {{low: number | null, best: number | null, high: number | null}} Span */

/** @param {any} s @returns {Span}  a bare low of 0 is "not said" */
export const spanIn = (s) => ({low: s?.low || (s?.best === 0 ? 0 : null), best: s?.best ?? null, high: s?.high ?? null});

/** Only the best is said: exactly that many. Without a highest it is open upwards. @param {Span} s */
export function spanOut({low, best, high}) {
  if (best !== null && low === null && high === null) return {low: best, best, high: best};
  return {low: low ?? 0, best, high};
}

/** @param {any} i */
export function filledIncident(i) {
  return {
    status: 'candidate', kind: 'attack', unit: 'attack', begins: '', precision: 'day', ends: '', summary: '', actor: '', actor_confidence: 'unknown',
    target: 'unsaid', target_note: '', effect: '', cause: 'drone', merged_into: '', episode: '', mark: 'actual', reason: '', origin: '', ...i,
    place: {name: '', region: '', country: '', lat_deg: null, lon_deg: null, radius_m: null, ...i.place},
    amount: i.amount ? {low: 0, best: null, high: null, ...i.amount} : {low: 1, best: 1, high: 1},
    harm: (i.harm ?? []).map((/** @type {any} */ h) => ({victims: h.victims, killed: spanIn(h.killed), injured: spanIn(h.injured)})),
    sources: (i.sources ?? []).map((/** @type {any} */ s) => ({title: '', url: '', sha256: '', published: '', grade: null, ...s})),
    not_same_as: i.not_same_as ?? [], alert_ids: i.alert_ids ?? [], report_ids: i.report_ids ?? [],
  };
}

/** @param {any} i  filled */
export const cleanIncident = (i) => ({
  ...i, amount: spanOut(i.amount), sources: i.sources.filter((/** @type {any} */ s) => s.title.trim()),
  harm: i.harm.map((/** @type {any} */ h) => ({victims: h.victims, killed: spanOut(h.killed), injured: spanOut(h.injured)})),
});

/** "5", "3–6", "8+", "?"; never 0 for what nobody said. @param {any} s */
export function spanWord(s) {
  const {low = 0, best = null, high = null} = s ?? {};
  if (best === null && high !== null) return `${low}–${high}`;
  if (best === null) return low ? `${low}+` : '?';
  if (high === null) return `${low}+`;
  return low === high ? String(best) : `${low}–${high}`;
}

/** The same of a sum over records. @param {any} s */
export function sumWord(s) {
  if (!s || (!s.known && !s.low)) return s?.unknown ? '?' : '0';
  if (s.high === null) return `${s.low}+`;
  return s.low === s.high ? String(s.best) : `${s.low}–${s.high}`;
}

/** Killed or injured of one incident over its classes. @param {any} i @param {'killed' | 'injured'} what */
export function harmWord(i, what) {
  const spans = (i.harm ?? []).map((/** @type {any} */ h) => h[what] ?? {});
  if (!spans.length) return '?';
  const add = (/** @type {string} */ k, /** @type {any} */ none) => spans.some((/** @type {any} */ s) => (s[k] ?? none) === null) ? null : spans.reduce((/** @type {number} */ n, /** @type {any} */ s) => n + (s[k] ?? 0), 0);
  return spanWord({low: add('low', 0), best: add('best', null), high: add('high', null)}); // an open one leaves the sum open
}

/** @param {any[]} rows  {id, version, record} @param {any} f */
export function filtered(rows, f) {
  const want = f.text.trim().toLowerCase();
  return rows.filter(({record: r}) => (!f.since || r.begins.slice(0, 10) >= f.since) && (!f.until || r.begins.slice(0, 10) <= f.until)
    && (!f.country || r.place?.country === f.country) && (!f.unit || r.unit === f.unit)
    && (f.status ? r.status === f.status : !['rejected', 'merged'].includes(r.status))
    && (!want || [r.summary, r.place?.name, r.place?.region, r.actor, r.effect].some((x) => x?.toLowerCase().includes(want))));
}

/** @type {Record<string, (row: any) => any>} */
const COLUMN = {
  begins: (r) => r.record.begins, place: (r) => `${r.record.place?.country ?? ''} ${r.record.place?.region ?? ''} ${r.record.place?.name ?? ''}`,
  kind: (r) => r.record.kind, unit: (r) => r.record.unit, killed: (r) => Number.parseInt(harmWord(r.record, 'killed')) || 0,
  injured: (r) => Number.parseInt(harmWord(r.record, 'injured')) || 0, status: (r) => STATUS.indexOf(r.record.status), version: (r) => r.version,
};
export const COLUMNS = Object.keys(COLUMN);

/** @param {any[]} rows @param {string} by @param {number} way  1 or -1 */
export const sorted = (rows, by, way) => [...rows].sort((a, b) => {
  const [x, y] = [COLUMN[by](a), COLUMN[by](b)];
  return way * (x < y ? -1 : x > y ? 1 : 0) || (a.id < b.id ? -1 : 1);
});

/** Rows of a CSV text; a line break inside quotes belongs to its row. @param {string} text */
export function csvRows(text) {
  const rows = [];
  let from = 0, quoted = false;
  for (let i = 0; i <= text.length; i += 1) {
    if (text[i] === '"') quoted = !quoted;
    if (i === text.length || (text[i] === '\n' && !quoted)) {
      const row = text.slice(from, i).replace(/\r$/, '');
      if (row.trim()) rows.push(row);
      from = i + 1;
    }
  }
  return rows;
}

const size = (/** @type {string} */ text) => new TextEncoder().encode(JSON.stringify(text)).length;

/** Pieces that fit a request, each with the header row; `first` is the number of its first row.
 * @param {string} text @param {string} profile @returns {{text: string, first: number}[]} */
export function slices(text, profile) {
  if (profile === 'geojson') {
    const features = JSON.parse(text).features ?? [];
    return pack(features.map((/** @type {any} */ f) => JSON.stringify(f)), (part) => `{"type":"FeatureCollection","features":[${part.join(',')}]}`);
  }
  const [head, ...rows] = csvRows(text.replace(/^\uFEFF/, ''));
  return head === undefined ? [] : pack(rows, (part) => [head, ...part, ''].join('\n'));
}

function pack(/** @type {string[]} */ rows, /** @type {(part: string[]) => string} */ join) {
  const around = size(join([]));
  const out = [];
  /** @type {string[]} */
  let part = [];
  let bytes = around;
  let first = 1;
  rows.forEach((row, n) => {
    const more = size(row) + 1;
    if (part.length && bytes + more > SLICE_BYTES) {
      out.push({text: join(part), first});
      [part, bytes, first] = [[], around, n + 1];
    }
    part.push(row);
    bytes += more;
  });
  if (part.length) out.push({text: join(part), first});
  return out;
}

/** Alert episodes that reached DANGER, are over and have no record yet, newest first.
 * @param {any[]} alerts  GET /alerts @param {any[]} records */
export function episodes(alerts, records) {
  const have = new Set(records.map((r) => r.record.episode).filter(Boolean));
  const found = new Map();
  for (const a of alerts) {
    const e = found.get(a.incident_id) ?? {incident_id: a.incident_id, mark: a.mark, tier: 0, open: false, begins_ms: Infinity, people: new Set(), posts: new Set()};
    e.tier = Math.max(e.tier, a.tier);
    e.open ||= a.end_reason === null;
    e.begins_ms = Math.min(e.begins_ms, a.cause_ms);
    (a.person_id ? e.people : e.posts).add(a.person_name ?? a.target_id);
    found.set(a.incident_id, e);
  }
  return [...found.values()].filter((e) => e.tier === 3 && !e.open && !have.has(e.incident_id)).sort((a, b) => b.begins_ms - a.begins_ms);
}

/** Fields of two records as rows, those that differ marked. @param {any} a @param {any} b */
export function beside(a, b) {
  const [x, y] = [filledIncident(a), filledIncident(b)];
  const show = (/** @type {any} */ i) => ({
    begins: i.begins, place: [i.place.name, i.place.region, i.place.country].filter(Boolean).join(', '), kind: i.kind, unit: `${spanWord(i.amount)} ${i.unit}`,
    killed: harmWord(i, 'killed'), injured: harmWord(i, 'injured'), actor: i.actor, sources: i.sources.map((/** @type {any} */ s) => [s.title, s.url].filter(Boolean).join(' ')).join('; '), summary: i.summary,
  });
  const [left, right] = [show(x), show(y)];
  return Object.keys(left).map((name) => ({name, a: /** @type {any} */ (left)[name], b: /** @type {any} */ (right)[name], same: /** @type {any} */ (left)[name] === /** @type {any} */ (right)[name]}));
}

/** Months from the first to the last, empty ones too. @param {any[]} lines @param {string} unit */
export function series(lines, unit) {
  const known = lines.filter((l) => /^\d{4}-\d\d$/.test(l.group[0]));
  if (!known.length) return [];
  const by = new Map(known.map((l) => [l.group[0], l.amounts[unit] ?? null]));
  const out = [];
  let [y, m] = known[0].group[0].split('-').map(Number);
  const last = known[known.length - 1].group[0];
  for (let name = known[0].group[0]; name <= last && out.length < 600; ) {
    const s = by.get(name);
    out.push({name, low: s?.low ?? 0, best: s?.best ?? 0, high: s ? s.high : 0});
    [y, m] = m === 12 ? [y + 1, 1] : [y, m + 1];
    name = `${y}-${String(m).padStart(2, '0')}`;
  }
  return out;
}

/** The command that asks the same of the same records; null where it has no options for it. @param {any} q */
export function commandOf(q) {
  if (q.kinds?.length || q.regions?.length) return null;
  const parts = ['vigia incidents count --data DATA'];
  for (const by of q.by ?? []) parts.push(`--by ${by}`);
  if (q.since) parts.push(`--since ${q.since}`);
  if (q.until) parts.push(`--until ${q.until}`);
  for (const c of q.countries ?? []) parts.push(`--country ${c}`);
  for (const u of q.units ?? []) parts.push(`--unit ${u}`);
  for (const c of q.causes ?? []) parts.push(`--cause ${c}`);
  if (q.areas) parts.push('--area FILE.geojson');
  for (const m of q.marks ?? []) parts.push(`--mark ${m}`);
  if (q.statuses?.join() === 'verified') parts.push('--verified');
  return parts.join(' ');
}
