// The console's tabs in the order of their number keys; those of the desk are loaded when opened.
export const DESK_TABS = ['bulletins', 'incidents', 'readiness', 'sensors', 'plan', 'shift'];
export const TABS = ['watch', 'alerts', 'bulletins', 'incidents', 'readiness', 'reach', 'sensors', 'plan', 'shift'];
const OFFICERS = ['watch_officer', 'admin'];
const THEIRS = ['reach', 'shift']; // nobody else is let in there

/** A viewer looks at the watch and nothing else. @param {any} person */
export const tabsOf = (person) => (person?.role === 'viewer' ? TABS.slice(0, 1) : TABS.filter((tab) => !person || OFFICERS.includes(person.role) || !THEIRS.includes(tab)));
