// The phone's shell -> this device, so that the page opens without a network. Never the API.
//
// shell.mjs lists each file with its hash (run/phone_shell.py makes it): a changed file is a
// changed worker, a new cache, and all files of one version together or none.

import { ackKey } from "./core/acks.mjs";
import { Clock } from "./core/clock.mjs";
import { Store, deviceStore } from "./core/db.mjs";
import { Words } from "./core/i18n.mjs";
import { BEAT_TAG, beatNotice, notice, readBeat, readPush, rings, unreadable } from "./core/notice.mjs";
import { Outbox } from "./core/outbox.mjs";
import { bytesOf, told } from "./core/push.mjs";
import { session } from "./core/session.mjs";
import { FILES, PAGES, VERSION } from "./shell.mjs";

const PREFIX = "vigia-shell-";
const CACHE = PREFIX + VERSION;

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
/** @returns {Phone.Store<Phone.Ack>} */
const ackStore = () => new Store("acks");

worker.addEventListener("install", (event) => {
  event.waitUntil(fill().then(() => worker.skipWaiting()));
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(dropOld().then(() => worker.clients.claim()));
});

worker.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  const page = event.request.mode === "navigate" && url.pathname in PAGES;
  const file = FILES[url.pathname.replace(/^\/static\//, "")] !== undefined;
  if (page) event.respondWith(fromCache(url.pathname, event.request));
  else if (file && url.pathname.startsWith("/static/"))
    event.respondWith(fromCache(url.pathname, event.request));
});

/** Background Sync, where the browser has it: reports leave although the page is closed. */
worker.addEventListener("sync", (event) => {
  const sync = /** @type {ExtendableEvent & {tag: string}} */ (event);
  if (sync.tag === "vigia-outbox") sync.waitUntil(flush());
});

// ---- push: a closed phone is warned, too -------------------------------------------------------

const ASK_PAGE_MS = 400; // an open page says so quickly, or it is not really there
const PUSHED_MAX = 50; // alerts of which it is remembered what this phone was told

worker.addEventListener("push", (event) => {
  event.waitUntil(pushed(event.data?.text() ?? ""));
});

worker.addEventListener("notificationclick", (event) => {
  /** @type {{said?: Wire.Push}} */
  const { said } = event.notification.data ?? {};
  if (event.action === "safe" && said) {
    event.waitUntil(Promise.all([acknowledge(said, "safe"), inCover(said)]));
    return;
  }
  event.notification.close();
  event.waitUntil(openPage(said?.alert_id ?? null));
});

/** The push service gave this phone another address: the server must have it. */
worker.addEventListener("pushsubscriptionchange", (event) => {
  const change = /** @type {PushSubscriptionChangeEvent} */ (event);
  change.waitUntil(resubscribe(change.oldSubscription));
});

/** @param {string} text */
async function pushed(text) {
  const beat = readBeat(text);
  const words = await loadWords();
  if (beat) return answer(beat, words);
  const said = readPush(text);
  if (!said) {
    const { title, options } = unreadable(words);
    return worker.registration.showNotification(title, options);
  }
  const held = await heldOf(said);
  if (held === null) return undefined; // a late one must not put an old warning on top
  const nowMs = Date.now();
  const mayRing = rings(said, { nowMs, rungTier: held.rungTier }) && !(await pageShows(said));
  const loud = mayRing && !(await inHiding(nowMs));
  await remember(said, mayRing ? Math.max(said.tier, held.rungTier) : held.rungTier);
  const { title, options } = notice(said, words, { nowMs, loud });
  await worker.registration.showNotification(title, options);
  if (said.msg_type !== "cancel") await acknowledge(said, "delivered");
  return undefined;
}

/**
 * "Are you there?": told to the server, signed, so that the desk knows that a closed phone can be
 * reached. Lost where there is no network: the next question comes in some hours.
 * @param {{t_s: number, mac: string}} beat @param {Words} words
 */
async function answer(beat, words) {
  const { title, options } = beatNotice(words);
  await worker.registration.showNotification(title, options);
  await session.postSigned("/push/heartbeat", beat).catch(() => {});
  for (const shown of await worker.registration.getNotifications({ tag: BEAT_TAG })) shown.close();
}

/** Words in this person's language, from what is kept: a push may come where the server is not. */
async function loadWords() {
  const device = deviceStore();
  const [chosen, self_] = await Promise.all([
    device.get("lang").catch(() => null),
    device.get("self").catch(() => null),
  ]);
  const person = self_?.person?.lang === "en" ? null : self_?.person?.lang;
  const wanted = [chosen?.lang, person, ...(navigator.languages ?? [])].map((l) => l?.slice(0, 2));
  const lang = wanted.find((l) => l === "en" || l === "es") ?? "en";
  /** @param {Wire.Lang} one @returns {Promise<Record<string, string>>} */
  const read = async (one) => {
    const path = `/static/i18n/${one}.json`;
    return (await fromCache(path, path)).json();
  };
  const english = await read("en").catch(() => ({}));
  const words = new Words(lang === "en" ? english : await read(lang).catch(() => ({})), english);
  words.lang = lang;
  return words;
}

/** A quiet shift: what is shown makes no noise. @param {number} nowMs */
async function inHiding(nowMs) {
  const quiet = await deviceStore().get("quiet").catch(() => null);
  return nowMs < (quiet?.untilMs ?? 0);
}

/** {rungTier} of what this phone was told of the alert before; null when it knows a newer revision. @param {Wire.Push} said */
async function heldOf({ alert_id, revision }) {
  const kept = await deviceStore().get("pushed").catch(() => null);
  const held = kept?.alerts?.[alert_id];
  if (!held) return { rungTier: 0 };
  if (held.revision > revision) return null;
  if (held.revision === revision) {
    const there = await worker.registration.getNotifications({ tag: alert_id });
    if (there.length) return null;
  }
  return held;
}

/** @param {Wire.Push} said @param {number} rungTier */
async function remember({ alert_id, revision }, rungTier) {
  const store = deviceStore();
  const held = (await store.get("pushed").catch(() => null))?.alerts ?? {};
  const others = Object.entries(held).filter(([id]) => id !== alert_id);
  const kept = [...others.slice(-PUSHED_MAX + 1), [alert_id, { revision, rungTier }]];
  await store.put({ what: "pushed", alerts: Object.fromEntries(kept) }).catch(() => {});
}

/** True when a page that somebody looks at shows this revision already, with its siren. @param {Wire.Push} said */
async function pageShows(said) {
  const clients = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  const seen = clients.filter((c) => c.visibilityState === "visible");
  const answers = seen.map(
    (client) =>
      new Promise((resolve) => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = (event) => resolve(event.data?.shown === true);
        setTimeout(() => resolve(false), ASK_PAGE_MS);
        client.postMessage({ push: said }, [port2]);
      }),
  );
  return (await Promise.all(answers)).some(Boolean);
}

/** kind: "delivered" or "safe". What cannot be told now is kept for the page to tell.
 * @param {Wire.Push} said @param {Wire.AckKind} kind */
async function acknowledge({ alert_id, revision }, kind) {
  const store = ackStore();
  const key = ackKey({ alert_id, revision, kind });
  const deviceMs = Date.now();
  await store.put({ key, alert_id, revision, kind, deviceMs, offsetMs: null }).catch(() => {});
  try {
    await session.postSigned("/acknowledgements", { alert_id, revision, kind, t_ms: deviceMs });
    await store.delete(key);
  } catch {
    // a page, open or to come, repeats it until it is told
    const pages = await worker.clients.matchAll({ includeUncontrolled: true });
    for (const page of pages) page.postMessage({ acks: true });
  }
}

/** The notification stays, without noise and without its button. @param {Wire.Push} said */
async function inCover(said) {
  const made = notice(said, await loadWords(), { nowMs: Date.now(), answered: true });
  return worker.registration.showNotification(made.title, made.options);
}

/** @param {string | null} alert_id */
async function openPage(alert_id) {
  const clients = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  const page = clients.find((c) => new URL(c.url).pathname === "/");
  if (!page) return worker.clients.openWindow(alert_id ? `/#alert=${encodeURIComponent(alert_id)}` : "/");
  page.postMessage({ open: alert_id });
  return page.focus();
}

/** @param {PushSubscription | null} old */
async function resubscribe(old) {
  const { key } = await session.get("/push/key");
  const made = await worker.registration.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: bytesOf(key),
  });
  await session.post("/push/subscription", { ...told(made), replaces: old?.endpoint ?? null });
}

// ---- the shell ---------------------------------------------------------------------------------

async function fill() {
  const cache = await caches.open(CACHE);
  const wanted = [...Object.keys(FILES).map((name) => `/static/${name}`), ...Object.keys(PAGES)];
  await Promise.all(
    wanted.map(async (path) => {
      const answer = await fetch(path, { cache: "no-cache" });
      if (!answer.ok) throw new Error(`${path}: got HTTP ${answer.status}, expected 200`);
      await cache.put(path, answer);
    }),
  );
}

async function dropOld() {
  for (const name of await caches.keys()) {
    if (name.startsWith(PREFIX) && name !== CACHE) await caches.delete(name);
  }
}

/** @param {string} path @param {RequestInfo} request */
async function fromCache(path, request) {
  const kept = await (await caches.open(CACHE)).match(path);
  return kept ?? fetch(request);
}

async function flush() {
  /** @type {Phone.Store<Phone.Entry>} */
  const store = new Store("outbox");
  const outbox = new Outbox({ store, session, clock: new Clock() });
  await outbox.reload();
  await outbox.flush();
  for (const client of await worker.clients.matchAll()) client.postMessage({ outbox: true });
  // Rejecting makes the browser try again later.
  if (outbox.waiting().length) throw new Error("reports still waiting");
}
