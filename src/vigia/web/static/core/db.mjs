// Records <-> IndexedDB: the device's key, unsent reports, unacknowledged acks, open alerts.

const NAME = "vigia";
const VERSION = 1;
export const STORES = { device: "what", outbox: "report_id", acks: "key", alerts: "alert_id" };

/** @type {Promise<IDBDatabase> | null} */
let opened = null;

/** @returns {Promise<IDBDatabase>} */
function open() {
  const opening = (opened ??= new Promise((resolve, reject) => {
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
  }));
  opening.catch(() => (opened = null));
  return opening;
}

/**
 * @param {string} store @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest} act @returns {Promise<any>} what the store holds
 */
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

/** One object store; the outbox and its kin need no more than this. @template T @implements {Phone.Store<T>} */
export class Store {
  /** @param {keyof typeof STORES} name */
  constructor(name) {
    this.name = name;
  }
  /** @param {string} key @returns {Promise<T | undefined>} */
  get(key) {
    return run(this.name, "readonly", (s) => s.get(key));
  }
  /** @returns {Promise<T[]>} */
  all() {
    return run(this.name, "readonly", (s) => s.getAll());
  }
  /** @param {T} record */
  put(record) {
    return run(this.name, "readwrite", (s) => s.put(record));
  }
  /** @param {string} key */
  delete(key) {
    return run(this.name, "readwrite", (s) => s.delete(key));
  }
}

/**
 * The same door in memory: for tests, and when the browser refuses storage.
 * @template {Record<string, any>} T @implements {Phone.Store<T>}
 */
export class MemoryStore {
  /** @param {string} keyPath */
  constructor(keyPath) {
    this.keyPath = keyPath;
    /** @type {Map<string, T>} */
    this.map = new Map();
  }
  /** @param {string} key */
  async get(key) {
    return structuredClone(this.map.get(key));
  }
  async all() {
    return structuredClone([...this.map.values()]);
  }
  /** @param {T} record */
  async put(record) {
    this.map.set(record[this.keyPath], structuredClone(record));
  }
  /** @param {string} key */
  async delete(key) {
    this.map.delete(key);
  }
}

/** The store "device": one record of each kind, by name. @returns {Phone.DeviceStore} */
export const deviceStore = () => /** @type {Phone.DeviceStore} */ (new Store("device"));
