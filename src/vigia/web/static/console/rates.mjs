// Alerts in time -> how many a person, or this console, was told in ten minutes. Pure.
// EEMUA 191: about one in ten minutes is manageable over a shift; ten or more are a flood.

export const WINDOW_MS = 600_000;
export const FLOOD = 10;

/** The most in any ten minutes, and in the last ten. @param {number[]} times_ms @param {number} now_ms */
export function rateOf(times_ms, now_ms) {
  const times = times_ms.toSorted((a, b) => a - b);
  let most = 0;
  let from = 0;
  for (let to = 0; to < times.length; to += 1) {
    while (times[to] - times[from] >= WINDOW_MS) from += 1;
    most = Math.max(most, to - from + 1);
  }
  const last = times.filter((t) => now_ms - t < WINDOW_MS && t <= now_ms).length;
  return {last, most, all: times.length, flood: last >= FLOOD, flooded: most >= FLOOD};
}

/** Of GET /alerts: a new alert or a higher level is one for its person; several people warned of one incident
 * at once are one for the console. @param {any[]} rows @param {number} now_ms @param {number} hours */
export function alertLoad(rows, now_ms, hours = 12) {
  const since = now_ms - hours * 3_600_000;
  const people = new Map();
  const incidents = new Map();
  for (const row of rows ?? []) {
    for (const {t_ms, tier} of rises(row)) {
      if (t_ms < since) continue;
      if (row.person_id) {
        const known = people.get(row.person_id) ?? {name: row.person_name ?? row.person_id, times: []};
        known.times.push(t_ms);
        people.set(row.person_id, known);
      }
      const key = `${row.incident_id}/${tier}`;
      incidents.set(key, Math.min(incidents.get(key) ?? Infinity, t_ms));
    }
  }
  const named = [...people.values()].map(({name, times}) => ({name, ...rateOf(times, now_ms)}));
  return {hours, console: rateOf([...incidents.values()], now_ms), people: named.sort((a, b) => b.last - a.last || b.most - a.most || a.name.localeCompare(b.name))};
}

function rises(/** @type {any} */ row) {
  const steps = row.revisions?.length ? row.revisions.map((/** @type {any} */ r) => ({t_ms: r.decided_ms, tier: r.tier, msg: r.msg_type})) : [{t_ms: row.decided_ms, tier: row.tier, msg: 'alert'}];
  const found = [];
  let top = 0;
  for (const {t_ms, tier, msg} of steps) {
    if (msg !== 'cancel' && tier > top && typeof t_ms === 'number') found.push({t_ms, tier});
    top = msg === 'cancel' ? 0 : tier;
  }
  return found;
}
