// Records <-> IndexedDB: the device's key, unsent reports, unacknowledged acks, open alerts.

const NAME = "vigia";
const VERSION = 1;
export const STORES = { device: "what", outbox: "report_id", acks: "key", alerts: "alert_id" };

let opened = null;

function open() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      for (const [name, keyPath] of Object.entries(STORES)) {
        if (!request.result.objectStoreNames.contains(name)) {
          request.result.createObjectStore(name, { keyPath });
        }
      }
    };
    request.onsuccess = () => {
      // another tab with a newer version, or the browser, may close it: open again when asked
      request.result.onversionchange = () => request.result.close();
      request.result.onclose = () => (opened = null);
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("storage is blocked by another tab of vigia"));
  });
  opened.catch(() => (opened = null));
  return opened;
}

async function run(store, mode, act) {
  const db = await open();
  return new Promise((resolve, reject) => {
    // strict: on disk before we say "saved", so that a dying battery loses nothing said
    const tx = db.transaction(store, mode, {
      durability: mode === "readwrite" ? "strict" : "default",
    });
    const request = act(tx.objectStore(store));
    tx.oncomplete = () => resolve(request.result);
    tx.onerror = () => reject(tx.error);
    tx.onabort = () => reject(tx.error ?? new Error("storage transaction aborted"));
  });
}

/** One object store; the outbox and its kin need no more than this. */
export class Store {
  constructor(name) {
    this.name = name;
  }
  get(key) {
    return run(this.name, "readonly", (s) => s.get(key));
  }
  all() {
    return run(this.name, "readonly", (s) => s.getAll());
  }
  put(record) {
    return run(this.name, "readwrite", (s) => s.put(record));
  }
  delete(key) {
    return run(this.name, "readwrite", (s) => s.delete(key));
  }
}

/** The same door in memory: for tests, and when the browser refuses storage. */
export class MemoryStore {
  constructor(keyPath) {
    this.keyPath = keyPath;
    this.map = new Map();
  }
  async get(key) {
    return structuredClone(this.map.get(key));
  }
  async all() {
    return structuredClone([...this.map.values()]);
  }
  async put(record) {
    this.map.set(record[this.keyPath], structuredClone(record));
  }
  async delete(key) {
    this.map.delete(key);
  }
}
