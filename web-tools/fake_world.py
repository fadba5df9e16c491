"""Seconds since the start of a scripted raid -> the messages of docs/web-protocol.md.

Development only: what the pages show before (and beside) the real gateway. Invented posts,
invented people. No clock and no chance here: the same second gives the same messages.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

ORIGIN = (31.792, -106.742)
DANGER_RADIUS_M = 50.0
RAID_S = 170.0  # then it starts again
M_PER_DEG = 110_900.0


def offset(point: tuple[float, float], bearing_deg: float, range_m: float) -> tuple[float, float]:
    angle = math.radians(bearing_deg)
    return (
        point[0] + math.cos(angle) * range_m / M_PER_DEG,
        point[1] + math.sin(angle) * range_m / (M_PER_DEG * math.cos(math.radians(point[0]))),
    )


def range_bearing(a: tuple[float, float], b: tuple[float, float]) -> tuple[float, float]:
    north = (b[0] - a[0]) * M_PER_DEG
    east = (b[1] - a[1]) * M_PER_DEG * math.cos(math.radians(a[0]))
    return math.hypot(north, east), math.degrees(math.atan2(east, north)) % 360


POSTS = {
    "post-12": ("Post 12", ORIGIN, 60.0),
    "post-7": ("Post 7", offset(ORIGIN, 98, 4600), 40.0),
    "post-9": ("Post 9", offset(ORIGIN, 62, 2450), 40.0),
}
AT_POST_12 = {  # person_id: (name, offset bearing, offset metres, seconds to seen, to cover)
    "a4471": ("Agent 4471", 40, 35, 3.0, 6.0),
    "a4480": ("Agent 4480", 130, 50, 4.0, 8.0),
    "a4502": ("Agent 4502", 310, 20, 4.0, 8.0),
    "p12desk": ("Post 12 desk", 0, 0, 9.0, None),
    "a4519": ("Agent 4519", 200, 120, None, None),
    "a4533": ("Agent 4533", 80, 140, None, None),
    "a4540": ("Agent 4540", 10, 30, 5.0, 11.0),
    "a4541": ("Agent 4541", 15, 34, 5.0, 12.0),
    "a4550": ("Agent 4550", 350, 25, 6.0, 14.0),
}
UNREACHED = {"a4533"}
KILO = ("kilo", "Patrol Kilo", offset(ORIGIN, 290, 3400))
LIMA = ("lima", "Patrol Lima", offset(ORIGIN, 142, 2600))
ATTACKER_START = offset(ORIGIN, 231, 3200)
ATTACKER_MPS = 28.0
ATTACKER_APPEARS_S = 8.0
WATCH_S, WARNING_S, DANGER_S, OVERHEAD_S, GONE_S = 22.0, 48.0, 70.0, 122.0, 150.0
SECTOR = "sector"


@dataclass
class World:
    """What the fake server remembers: acknowledgements, reports, an officer's all clear."""

    started_ms: int
    mode: str = "demo"
    scene: str = "raid"  # raid, calm, danger
    reached: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    cleared_ms: int | None = None
    cleared_by: str | None = None
    sightings: list[Json] = field(default_factory=list[Json])
    agent_position: tuple[float, float] | None = None
    history: dict[str, Json] = field(default_factory=dict[str, Json])

    def second(self, now_ms: int) -> float:
        """Script time. The danger scene begins in the middle and stands before the end."""
        elapsed_s = (now_ms - self.started_ms) / 1000
        if self.scene == "calm":
            return 0.0
        if self.scene == "danger":
            return min(78.0 + elapsed_s, OVERHEAD_S - 4)
        return elapsed_s % RAID_S

    def began_ms(self, now_ms: int) -> int:
        """When this round of the script was at its second 0."""
        if self.scene == "danger":
            return self.started_ms - 78_000
        if self.scene == "calm":
            return now_ms
        return now_ms - int(self.second(now_ms) * 1000)

    # ---- the picture ---------------------------------------------------------------------------

    def picture(self, now_ms: int) -> Json:
        s = self.second(now_ms)
        people = [(LIMA[0], LIMA[2]), (KILO[0], KILO[2])]
        people += [(p, offset(ORIGIN, b, r)) for p, (_, b, r, *_) in AT_POST_12.items()]
        if self.agent_position:
            people[2] = ("a4471", self.agent_position)
        return {
            "t": "picture",
            "t_ms": now_ms,
            "tracks": self.tracks(s, now_ms),
            "people": [
                {"person_id": p, "lat_deg": q[0], "lon_deg": q[1], "sigma_m": 8.0, "t_ms": now_ms}
                for p, q in people
            ],
        }

    def tracks(self, s: float, now_ms: int) -> list[Json]:
        out: list[Json] = []
        if s > ATTACKER_APPEARS_S and s < GONE_S:
            out.append(self.attacker(s, now_ms))
        if s > 30:
            start = offset(KILO[2], 198, 4600)
            at = offset(start, 18, 14.0 * (s - 30))
            out.append(
                _track(
                    "t44", 44, at, now_ms, speed=14.0, course=18.0, height=120.0, sigma=95.0,
                    flags=["closing", "weak"], p_drone=0.83, witnesses=1, mark=self.mode,
                    arrival=_arrival("person/kilo", at, KILO[2], 14.0, now_ms, 0.22),
                )
            )  # fmt: skip
        hover = offset(ORIGIN, 252, 5600)
        at = offset(hover, (s * 9) % 360, 60)
        out.append(
            _track(
                "t39", 39, at, now_ms, speed=0.8, course=None, height=60.0, sigma=170.0,
                p_drone=0.61, witnesses=1, mark=self.mode, status="possible",
            )
        )  # fmt: skip
        heli = offset(offset(ORIGIN, 62, 9000), 290, 52.0 * (s % 170))
        out.append(
            _track(
                "t21", 21, heli, now_ms, speed=52.0, course=290.0, height=410.0, sigma=25.0,
                flags=["aircraft"], p_drone=0.02, witnesses=1, mark=self.mode, serial="N911TX",
            )
        )  # fmt: skip
        age_ms = 40_000 if s > 100 else 12_000 if s > 60 else 2_000
        out.append(
            _track(
                "t46", 46, POSTS["post-7"][1], now_ms, fix=SECTOR, azimuth=172.0, azimuth_sigma=9.0,
                flags=["human", "weak"], p_drone=0.5, witnesses=1, mark=self.mode,
                status="possible", last_ms=now_ms - age_ms,
            )
        )  # fmt: skip
        return out

    def attacker(self, s: float, now_ms: int) -> Json:
        flown = min(ATTACKER_MPS * (s - ATTACKER_APPEARS_S), 3200.0)
        bend = 10 * math.sin(flown / 480)
        at = offset(ORIGIN, 231 + bend * (3200 - flown) / 3200, max(3200 - flown, 15.0))
        flags = ["closing"] + (["load", "human"] if s > WARNING_S else [])
        lost = s > 135
        if lost:
            flags.append("coasting")
        return _track(
            "t41", 41, at, now_ms, speed=ATTACKER_MPS if not lost else 3.0, course=51.0,
            height=95.0, sigma=max(20.0, 80 - s / 2), flags=flags, p_drone=min(0.97, 0.5 + s / 120),
            witnesses=1 if s < 40 else 3, mark=self.mode,
            status="possible" if s < 30 else "confirmed",
            last_ms=now_ms - (int((s - 135) * 1000) if lost else 300),
            arrival=_arrival("post/post-12", at, ORIGIN, ATTACKER_MPS, now_ms,
                             min(0.93, s / 110)),
        )  # fmt: skip

    # ---- alerts --------------------------------------------------------------------------------

    def tier(self, s: float) -> int:
        if s < WATCH_S or s >= GONE_S:
            return 0
        return 1 if s < WARNING_S else 2 if s < DANGER_S else 3

    def alerts(self, now_ms: int) -> list[Json]:
        """Open alerts, or their cancels in the seconds after the end."""
        s = self.second(now_ms)
        tier = self.tier(s)
        began_ms = self.began_ms(now_ms) + int(WATCH_S * 1000)
        cleared = self.cleared_ms is not None and self.cleared_ms >= began_ms and s >= WATCH_S
        ended = cleared or GONE_S <= s < GONE_S + 6
        if tier == 0 and not ended:
            return []
        track = self.attacker(s, now_ms)
        return [
            self._alert(person_id, s, now_ms, tier=max(tier, 1), ended=ended, track=track)
            for person_id in (*AT_POST_12, "post-12")
        ]

    def _alert(
        self, target: str, s: float, now_ms: int, *, tier: int, ended: bool, track: Json
    ) -> Json:
        is_post = target in POSTS
        cycle = 0 if self.scene == "danger" else (now_ms - self.started_ms) // int(RAID_S * 1000)
        alert_id = f"al-{cycle}-{target}"
        since = {1: WATCH_S, 2: WARNING_S, 3: DANGER_S}[tier]
        cause_ms = self.began_ms(now_ms) + int(since * 1000)
        here = POSTS[target][1] if is_post else offset(ORIGIN, *AT_POST_12[target][1:3])
        range_m, bearing = range_bearing(here, (track["lat_deg"], track["lon_deg"]))
        left_ms = int(range_m / ATTACKER_MPS * 1000)
        alert = {
            "alert_id": alert_id,
            "revision": tier + (10 if ended else 0),
            "msg_type": "cancel" if ended else "alert" if tier == 1 else "update",
            "incident_id": f"in-{cycle}",
            "target_id": f"{'post' if is_post else 'person'}/{target}",
            "person_id": None if is_post else target,
            "person_name": None if is_post else AT_POST_12[target][0],
            "tier": 0 if ended and self.cleared_ms is None else tier,
            "mark": self.mode,
            "action": "all_clear"
            if ended
            else {1: "be_aware", 2: "get_ready", 3: "take_cover"}[tier],
            "sound": True,
            "cause_ms": cause_ms,
            "decided_ms": cause_ms + 40,
            "expires_ms": now_ms + 180_000,
            "track_ids": ["t41"],
            "track_numbers": [41],
            "confirmed": s > 30,
            "p_hit": track["arrival"]["p_hit"],
            "earliest_ms": now_ms + int(left_ms * 0.8),
            "p10_ms": now_ms + int(left_ms * 0.9),
            "p50_ms": now_ms + left_ms,
            "p90_ms": now_ms + int(left_ms * 1.2),
            "bearing_deg_true": round(bearing, 1),
            "from_point": "sw",
            "range_m": round(range_m),
            "height_m": 95.0,
            "load": s > WARNING_S,
            "sources": ["sensor/rf", "sensor/radar", "person"] if s > WARNING_S else ["sensor/rf"],
            "end_reason": None,
            "by_name": None,
            "reached": self._reached(target, alert_id, cause_ms, now_ms),
        }
        if ended:
            by_hand = self.cleared_ms is not None
            alert["end_reason"] = "all_clear" if by_hand else "departed"
            alert["by_name"] = self.cleared_by if by_hand else None
        self.history[alert_id] = alert
        return alert

    def _reached(self, target: str, alert_id: str, cause_ms: int, now_ms: int) -> Json:
        out: Json = {
            f"{k}_ms": self.reached.get((alert_id, k)) for k in ("delivered", "seen", "safe")
        }
        if target in POSTS or target in UNREACHED:
            return out
        _, _, _, seen_s, safe_s = AT_POST_12[target]
        for kind, after_s in (("delivered", 0.6), ("seen", seen_s), ("safe", safe_s)):
            if after_s is not None and out[f"{kind}_ms"] is None:
                at = cause_ms + int(after_s * 1000)
                out[f"{kind}_ms"] = at if at <= now_ms else None
        return out

    # ---- the rest ------------------------------------------------------------------------------

    def health(self, now_ms: int) -> Json:
        def sensor(name: str, kind: str, state: str, age_s: float | None, **more: Any) -> Json:
            last = None if age_s is None else now_ms - int(age_s * 1000)
            return {
                "sensor_id": name, "kind": kind, "state": state, "last_ms": last,
                "detections": 1200, "faults": 0, "thinned": 0, "last_fault": "", **more,
            }  # fmt: skip

        return {
            "t": "health",
            "sensors": [
                sensor("radar-east", "radar", "ok", 1.0),
                sensor("rid-mast", "remote_id", "unproved", 92.0),
                sensor("rf-2", "rf", "ok", 0.4),
                sensor("acoustic-1", "acoustic", "ok", 0.2),
                sensor("acoustic-3", "acoustic", "silent", 244.0, last_fault="no data"),
            ],
            "journal": "ok",
            "journal_lag_s": 0.02,
            "counts": {
                "people_on_watch": 11,
                "pages_open": 12,
                "sightings_24h": 17,
                "alerts_24h": 3,
            },
        }

    def scripted_sightings(self, now_ms: int) -> list[Json]:
        s = self.second(now_ms)
        start_ms = self.began_ms(now_ms)
        p7, p12 = POSTS["post-7"][1], offset(ORIGIN, 40, 35)
        rows = [
            (-740.0, "sg-0", "dispatch", "Radio room", None, None, "seen", 2, None, None),
            (-360.0, "sg-1", "p7", "Post 7", p7, (172.0, 12.0), "heard", None, None, 46),
            (47.0, "sg-2", "a4471", "Agent 4471", p12, (228.0, 6.0), "seen", 1, True, 41),
            (62.0, "sg-3", "lima", "Patrol Lima", LIMA[2], (300.0, 5.0), "seen", 1, None, 41),
            (66.0, "sg-4", "desk", "Post 12 desk", p12, (229.0, 20.0), "heard", None, None, 41),
        ]  # fmt: skip
        out: list[Json] = []
        for at_s, report_id, person_id, name, where, bearing, sense, count, load, number in rows:
            if at_s > s or (at_s > 0 and s - at_s > 120):
                continue
            at_ms = start_ms + int(at_s * 1000)
            out.append({
                "t": "sighting", "report_id": f"{report_id}-{start_ms // 2000 if at_s > 0 else 0}",
                "t_ms": at_ms, "received_ms": at_ms + 1400, "person_id": person_id, "name": name,
                "position": where and {"lat_deg": where[0], "lon_deg": where[1],
                                       "alt_hae_m": None, "sigma_m": 8.0},
                "bearing": bearing and {"azimuth_deg_true": bearing[0], "sigma_deg": bearing[1],
                                        "elevation_deg": None, "elevation_sigma_deg": None},
                "sense": sense, "kind": "multirotor" if sense == "seen" else "unknown",
                "count": count, "load": load, "motion": "moving" if sense == "seen" else None,
                "track_number": number, "withdrawn": False, "text": "", "mark": self.mode,
            })  # fmt: skip
        return out

    def posts(self) -> list[Json]:
        return [
            {"post_id": k, "name": n, "lat_deg": p[0], "lon_deg": p[1], "radius_m": r}
            for k, (n, p, r) in POSTS.items()
        ]

    def names(self) -> dict[str, str]:
        return {p: row[0] for p, row in AT_POST_12.items()} | {KILO[0]: KILO[1], LIMA[0]: LIMA[1]}


def _arrival(
    target: str, at: tuple[float, float], to: tuple[float, float], mps: float, now_ms: int, p: float
) -> Json:
    range_m, _ = range_bearing(at, to)
    _, bearing = range_bearing(to, at)
    return {
        "target_id": target, "p_hit": round(p, 2), "earliest_ms": now_ms + int(range_m / 35 * 1000),
        "p50_ms": now_ms + int(range_m / mps * 1000), "range_m": round(range_m),
        "bearing_deg_true": round(bearing, 1),
    }  # fmt: skip


def _track(
    track_id: str, number: int, at: tuple[float, float], now_ms: int, *, mark: str,
    fix: str = "position", speed: float | None = None, course: float | None = None,
    height: float | None = None, sigma: float | None = None, flags: list[str] | None = None,
    p_drone: float = 0.5, witnesses: int = 1, status: str = "confirmed", serial: str | None = None,
    azimuth: float | None = None, azimuth_sigma: float | None = None, last_ms: int | None = None,
    arrival: Json | None = None,
) -> Json:  # fmt: skip
    return {
        "track_id": track_id, "number": number, "status": status, "mark": mark, "fix": fix,
        "witnesses": witnesses, "flags": flags or [], "t_ms": now_ms,
        "last_ms": now_ms - 300 if last_ms is None else last_ms,
        "lat_deg": None if fix == SECTOR else at[0], "lon_deg": None if fix == SECTOR else at[1],
        "height_m": height, "speed_mps": speed, "course_deg_true": course, "climb_mps": 0.0,
        "sigma_m": sigma, "p_exist": 0.9, "p_drone": round(p_drone, 2),
        "azimuth_deg_true": azimuth, "azimuth_sigma_deg": azimuth_sigma, "serial": serial,
        "arrival": arrival,
    }  # fmt: skip
