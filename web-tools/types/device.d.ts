// What a phone keeps and hands about among its modules, as types for JSDoc.

declare namespace Phone {
  /** A record store: IndexedDB, or memory. */
  interface Store<T> {
    get(key: string): Promise<T | undefined>;
    all(): Promise<T[]>;
    put(record: T): Promise<unknown>;
    delete(key: string): Promise<unknown>;
  }

  /** A moment read on this device; server time only when it is sent. */
  interface Moment {
    deviceMs: number;
    offsetMs: number | null;
  }
  type Time = number | Moment;

  interface Ack extends Moment {
    key: string;
    alert_id: string;
    revision: number;
    kind: Wire.AckKind;
    sig?: string | null;
  }

  type Door = "sighting" | "casualty" | "check" | "read";
  type EntryState = "waiting" | "warned" | "received" | "refused";
  /** One word on its way to the server; the door tells which body it has. */
  interface Entry<B = Body, D extends Door = Door> extends Moment {
    report_id: string;
    door?: D;
    root: string;
    body: B;
    pressedMs: number;
    state: EntryState;
    tries: number;
    receivedMs: number | null;
    sentMs?: number;
    why: string | null;
    saved: boolean;
    placed: Omit<Wire.Placed, "report_id"> | null;
    completed?: boolean;
  }
  type Body = Wire.Sighting | Word | Wire.KitCheck | { edition: number };
  type SightingEntry = Entry<Wire.Sighting, "sighting">;
  type WordEntry = Entry<Word, "casualty">;
  interface Where extends Partial<Moment> {
    door?: Door;
    report_id?: string;
    root?: string;
  }

  /** One word about a casualty; whatever was not told is not there. */
  interface Word {
    word_id?: string;
    position?: [number, number, number | null, number] | null;
    unit?: string;
    patients?: number;
    litter?: number;
    urgency?: string;
    mechanism?: string;
    second_drone?: boolean;
    closed?: boolean;
    withdrawn?: boolean;
    signs?: { t_ms: Time; awake?: boolean; breathes?: boolean };
    injuries?: Injury[];
    tourniquets?: { tourniquet_id: string; limb: string; t_on_ms: Time; t_off_ms?: Time | null }[];
    done?: { step: string; t_ms: Time }[];
    taken_back?: string[];
  }
  interface Injury {
    body: string;
    wound: string;
  }
  interface Tourniquet {
    id: string;
    limb: string;
    onMs: number;
    offMs: number | null;
  }
  interface TourniquetClock extends Tourniquet {
    casualty_id: string;
    ms: number;
    long: boolean;
  }
  /** A report of a casualty as it stands. */
  interface Casualty {
    id: string;
    hitMs: number;
    position: [number, number, number | null, number] | null;
    unit: string;
    patients: number | null;
    litter: number | null;
    urgency: string | null;
    mechanism: string | null;
    second_drone: boolean | null;
    closed: boolean;
    withdrawn: boolean;
    awake: boolean | null;
    breathes: boolean | null;
    injuries: Injury[];
    tourniquets: Tourniquet[];
    done: Record<string, number>;
    /** By thing ("step/airway"): the words that say it, to be taken back. */
    said: Record<string, string[]>;
  }

  /** A warning held on this phone. */
  interface Held {
    alert_id: string;
    alert: Wire.Alert;
    rungTier: number;
    worstTier: number;
    ackedMs: { seen?: number; safe?: number };
    told: { delivered?: boolean; seen?: boolean; safe?: boolean };
    owesDelivered: boolean;
    closed: boolean;
    heardMs: number;
  }
  type Phase = "open" | "lost" | "ended";
  type Arrival = { kind: "count"; ms: number } | { kind: "here" } | { kind: "unknown" };

  /** What the compass gave. accuracyDeg null: the browser does not say. */
  interface Reading {
    alphaDeg: number;
    betaDeg: number;
    gammaDeg: number;
    accuracyDeg: number | null;
  }
  interface Aim {
    azimuthDeg: number;
    sigmaDeg: number;
    elevationDeg: number | null;
    elevationSigmaDeg: number | null;
    axis: "camera" | "top";
  }
  interface Facing {
    headingDeg: number;
    sigmaDeg: number;
    held: boolean;
  }
  interface Fix extends Wire.Position {
    timestampMs: number;
    ageMs: number;
  }

  interface Device {
    what: "self";
    device_id: string;
    person: Wire.Person;
    keys: CryptoKeyPair;
  }
  /** The store "device" keeps unlike things side by side, by name. */
  type Kept =
    | Device
    | { what: "lang"; lang: Wire.Lang }
    | { what: "quiet"; untilMs: number }
    | { what: "push"; endpoint: string; toldMs: number }
    | { what: "pushed"; alerts: Record<string, Pushed> }
    | ({ what: "bulletins" } & KeptBulletins)
    | ({ what: "first_aid"; person_id: string | null } & Wire.FirstAid)
    | LastCheck;
  /** The store "device", read by name. */
  interface DeviceStore {
    get<K extends Kept["what"]>(key: K): Promise<Extract<Kept, { what: K }> | undefined>;
    put(record: Kept): Promise<unknown>;
  }
  interface Pushed {
    revision: number;
    rungTier: number;
  }
  interface KeptBulletins {
    person_id?: string | null;
    rows: Wire.Bulletin[];
    opened: string[];
    t_ms: number | null;
    reminded: boolean;
  }
  interface LastCheck extends Moment {
    what: "check";
    person_id: string | null;
    report_id: string;
    body: Wire.KitCheck;
  }
  interface KitDraft {
    kit_id: string | null;
    kit_ok: boolean | null;
    missing: string[];
    tourniquet: boolean | null;
    armour: boolean | null;
    medic: boolean | null;
  }

  interface Note {
    at: number;
    dur: number;
    from: number;
    to: number;
    gain: number;
    wave: OscillatorType;
  }
  interface SirenPlan {
    bells: Note[];
    lead: number;
    period: number;
    max: number;
    notes: Note[];
  }

  /** How an entry stands, for the banner of its page. */
  interface Outcome {
    look: "plain" | "ok" | "queued" | "refused";
    icon: unknown;
    title: string;
    detail: string;
  }
}
