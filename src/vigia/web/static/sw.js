// The phone's shell -> this device, so that the page opens without a network. Never the API.
//
// shell.mjs lists each file with its hash (tools/shell_list.py writes it): a changed file is a
// changed worker, a new cache, and all files of one version together or none.

import { Clock } from "./core/clock.mjs";
import { Store } from "./core/db.mjs";
import { Outbox } from "./core/outbox.mjs";
import { session } from "./core/session.mjs";
import { FILES, PAGES, VERSION } from "./shell.mjs";

const PREFIX = "vigia-shell-";
const CACHE = PREFIX + VERSION;

self.addEventListener("install", (event) => {
  event.waitUntil(fill().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(dropOld().then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  const page = event.request.mode === "navigate" && url.pathname in PAGES;
  const file = FILES[url.pathname.replace(/^\/static\//, "")] !== undefined;
  if (page) event.respondWith(fromCache(url.pathname, event.request));
  else if (file && url.pathname.startsWith("/static/"))
    event.respondWith(fromCache(url.pathname, event.request));
});

/** Background Sync, where the browser has it: reports leave although the page is closed. */
self.addEventListener("sync", (event) => {
  if (event.tag === "vigia-outbox") event.waitUntil(flush());
});

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

async function fromCache(path, request) {
  const kept = await (await caches.open(CACHE)).match(path);
  return kept ?? fetch(request);
}

async function flush() {
  const outbox = new Outbox({ store: new Store("outbox"), session, clock: new Clock() });
  await outbox.reload();
  await outbox.flush();
  for (const client of await self.clients.matchAll()) client.postMessage({ outbox: true });
  // Rejecting makes the browser try again later.
  if (outbox.waiting().length) throw new Error("reports still waiting");
}
