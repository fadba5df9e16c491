// The console's tabs in the order of their number keys; those of the desk are loaded when opened.
export const DESK_TABS = ['bulletins', 'incidents', 'readiness'];
export const TABS = ['watch', 'alerts', ...DESK_TABS, 'reach'];

/** A viewer looks at the watch and nothing else. @param {any} person */
export const tabsOf = (person) => (person?.role === 'viewer' ? TABS.slice(0, 1) : TABS);
