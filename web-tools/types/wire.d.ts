// What the pages and the gateway say to each other (docs/web-protocol.md), as types for JSDoc.
// Unknown is null. Times are milliseconds since 1970 on the server's clock.

declare namespace Wire {
  type Mark = "actual" | "exercise" | "demo";
  type AckKind = "delivered" | "seen" | "safe";
  type Lang = "en" | "es";

  interface Person {
    person_id: string;
    name: string;
    role: string;
    lang: Lang;
    post_id: string | null;
  }
  interface Post {
    post_id: string;
    name: string;
    lat_deg: number;
    lon_deg: number;
    radius_m: number;
  }
  interface Position {
    lat_deg: number;
    lon_deg: number;
    alt_hae_m: number | null;
    sigma_m: number | null;
  }
  interface Bearing {
    azimuth_deg_true?: number | null;
    azimuth_deg_magnetic?: number | null;
    sigma_deg: number;
    elevation_deg: number | null;
    elevation_sigma_deg: number | null;
  }
  interface Sighting {
    report_id: string;
    position: Position | null;
    bearing: Bearing | null;
    sense: "seen" | "heard";
    kind: string;
    count: number | null;
    load: boolean | null;
    motion: string | null;
    refines: string | null;
    withdrawn: boolean;
    attack?: boolean;
    text: string;
  }
  interface ReachedTimes {
    delivered_ms?: number | null;
    seen_ms?: number | null;
    safe_ms?: number | null;
  }
  interface Alert {
    alert_id: string;
    revision: number;
    msg_type: "alert" | "update" | "cancel";
    incident_id: string;
    target_id: string;
    person_id: string | null;
    person_name: string | null;
    tier: number;
    mark: Mark;
    action: string;
    sound: boolean;
    cause_ms: number;
    decided_ms: number;
    expires_ms: number;
    track_ids: string[];
    track_numbers: number[];
    confirmed: boolean;
    p_hit: number | null;
    earliest_ms: number | null;
    bearing_deg_true: number | null;
    from_point: string | null;
    range_m: number | null;
    height_m: number | null;
    load: boolean;
    sources: string[];
    end_reason: string | null;
    by_name: string | null;
    reached: ReachedTimes;
    text?: string;
  }
  type WatchWord = "starting" | "ready" | "degraded" | "lost";
  interface Beat {
    server_ms: number;
    state: WatchWord;
    since_ms: number;
    why: string;
  }
  interface CoverClass {
    drones: string;
    watched: string;
    points: string[];
    kinds: string[];
  }
  interface Cover {
    target_id: string;
    watched: "watched" | "partly" | "unproved" | "lost" | "none";
    since_ms: number;
    classes: CoverClass[];
  }
  interface Hello {
    t: "hello";
    server_ms: number;
    mode: Mark;
    person: Person;
    posts: Post[];
    origin: { lat_deg: number; lon_deg: number };
    danger_radius_m: number;
    watch: Beat;
    alerts: Alert[];
    cover: Cover[];
    ground_call?: string;
  }
  interface Placed {
    report_id: string;
    track_id: string | null;
    track_number: number | null;
    confirmed?: boolean;
    warned?: number;
    verdict?: string | null;
  }
  type Acked = { alert_id: string; revision: number; kind: AckKind };
  interface Pong {
    n: number;
    server_ms: number;
  }
  interface Refusal {
    error?: { what?: string; got?: string; expected?: string; fix?: string };
    warned?: boolean;
    [more: string]: unknown;
  }

  /** The text of a push message (docs/push.md). */
  interface Push {
    v: 1;
    alert_id: string;
    revision: number;
    msg_type: "alert" | "update" | "cancel";
    tier: number;
    mark: Mark;
    action: string;
    sound: boolean;
    decided_ms: number;
    expires_ms: number;
    earliest_ms?: number | null;
    from_point?: string | null;
    range_m?: number | null;
    confirmed?: boolean;
    load?: boolean;
    end_reason?: string | null;
  }

  interface BulletinSide {
    banner: string;
    title: string;
    handling: string;
    reason: string;
    parts: { key: string; heading: string; lines: string[] }[];
    heads: [string, string][];
  }
  interface Bulletin {
    id: string;
    edition: number;
    number: string;
    status: "released" | "recalled";
    tlp: string;
    expires: string | null;
    read_ms: number | null;
    sides: Record<Lang, BulletinSide>;
  }
  interface KitRow {
    kit_id: string;
    name: string;
    place: string;
    post: string;
    complete: boolean;
    lat_deg: number;
    lon_deg: number;
  }
  interface MedicRow {
    name: string;
    post: string;
    lat_deg: number;
    lon_deg: number;
  }
  interface FirstAid {
    kits: KitRow[];
    medics: MedicRow[];
    all_kits: { kit_id: string; name: string }[];
    approved: string[];
    t_ms: number;
  }
  interface KitCheck {
    kit_id: string | null;
    kit_ok: boolean;
    missing: string[];
    tourniquet: boolean | null;
    armour: boolean | null;
    medic: boolean | null;
  }
}
