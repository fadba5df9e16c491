"""Each bug is one that people really make. Patched in at run time, taken out at the end.

A bug replaces one function of the core by a wrong one that calls the right one. Kernels are
compiled and cannot be patched: what they would get wrong is planted in what they are given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import msgspec
import numpy as np

import vigia.alert.policy as alert_policy
import vigia.alert.raised as raised
import vigia.alert.write as write
import vigia.delivery.plan as reach
import vigia.desk as desk
import vigia.flow as flow
import vigia.threat.assess as assess
import vigia.track.book as book
import vigia.track.layout as layout
import vigia.track.picture as picture
import vigia.track.tracker as tracker
from vigia.alert.policy import AlertPolicy
from vigia.events import AllClear, Delivery, SightingPlaced
from vigia.geo import Enu, Site
from vigia.scan import Layout, Scan
from vigia.terms import Channel, Identity, Mark, MsgType, Tier
from vigia.threat.columns import O_BEARING, O_TIER
from vigia.threat.targets import TargetBook

FEET = 3.28084
Wrong = Callable[..., Any]  # the signatures are those of what they replace


@contextmanager
def _instead(owner: Any, name: str, make: Callable[[Any], Any]) -> Iterator[None]:
    """owner.name is make(what it was) inside."""
    right = owner.__dict__[name] if isinstance(owner, type) else getattr(owner, name)
    setattr(owner, name, make(right))
    try:
        yield
    finally:
        setattr(owner, name, right)


# ---- delivery ------------------------------------------------------------------------------------


def lost_cancel() -> Any:
    """The cancel is decided but sent to nobody."""
    return _instead(
        reach,
        "plan",
        lambda right: (
            lambda state, alerts, *more: right(
                state, [a for a in alerts if a.msg_type is not MsgType.CANCEL], *more
            )
        ),
    )


def duplicate_delivery() -> Any:
    return _instead(
        reach, "plan", lambda right: lambda *a: [d for d in right(*a) for _ in range(2)]
    )


def wrong_person() -> Any:
    """Names and places of targets are off by one."""

    def make(right: Wrong) -> Wrong:
        def wrong(*args: Any) -> Any:
            t = right(*args)
            return t._replace(en_m=np.roll(t.en_m, 1, axis=0))

        return wrong

    return _instead(TargetBook, "table", make)


def delivered_to_a_neighbour() -> Any:
    def make(right: Wrong) -> Wrong:
        def wrong(*args: Any) -> Any:
            return [
                msgspec.structs.replace(d, person_id="a0") if d.person_id else d
                for d in right(*args)
            ]

        return wrong

    return _instead(reach, "plan", make)


def ack_ignored() -> Any:
    return _instead(reach, "acknowledge", lambda right: lambda state, body: None)


def nobody_is_called() -> Any:
    """Without an answer nothing more is done."""
    return _instead(reach, "look", lambda right: lambda *a: [])


def end_not_told_on_the_second_channel() -> Any:
    """The end goes to pages only."""

    def make(right: Wrong) -> Wrong:
        def wrong(state: Any, chase: Any, alert: Any, settings: Any) -> Any:
            found = right(state, chase, alert, settings)
            ends = alert.msg_type is MsgType.CANCEL and alert.person_id is not None
            return [c for c in found if not ends or c is Channel.PAGE]

        return wrong

    return _instead(reach, "_channels", make)


def all_clear_not_delivered() -> Any:
    def make(right: Wrong) -> Wrong:
        def wrong(self: Any, body: Any, mark: Any, out: list[Any]) -> None:
            found: list[Any] = []
            right(self, body, mark, found)
            clear = isinstance(body, AllClear)
            out.extend(f for f in found if not (clear and isinstance(f, Delivery)))

        return wrong

    return _instead(flow.Watch, "_act", make)


def unknown_alert_kept() -> Any:
    """A page that comes back goes on showing what the watch does not know."""
    return _instead(AlertPolicy, "adopt", lambda right: lambda self, *a: (right(self, *a)[0], []))


# ---- alert ---------------------------------------------------------------------------------------


def _recall(**changed: float) -> Any:
    """The memory of an alert's drones under other numbers than the settings say."""

    def make(right: Wrong) -> Wrong:
        def wrong(held: Any, group: Any, scene: Any, policy: Any, dt_ns: int) -> Any:
            return right(held, group, scene, msgspec.structs.replace(policy, **changed), dt_ns)

        return wrong

    return _instead(alert_policy, "recall", make)


def expiry_never() -> Any:
    return _recall(expire_s=1e6)


def tier_falls_at_once() -> Any:
    return _recall(hold_s=0.0)


def alert_id_changes_on_update() -> Any:
    def make(right: Wrong) -> Wrong:
        def wrong(self: Any, held: Any, alert: Any) -> Any:
            said = right(self, held, alert)
            if said.msg_type is MsgType.UPDATE:
                said = msgspec.structs.replace(said, alert_id=said.alert_id[::-1])
                held.alert = said
            return said

        return wrong

    return _instead(AlertPolicy, "say", make)


def mark_dropped() -> Any:
    def make(right: Wrong) -> Wrong:
        return lambda self, event: (Mark.ACTUAL, right(self, event)[1])

    return _instead(flow.Watch, "_weigh", make)


def tick_ignored() -> Any:
    def wrong(self: Any, out: list[Any]) -> None:
        self._s.t_tick_ns = self._s.t_ns
        self._s.pending, self._s.t_assess_ns = False, self._s.t_ns

    return _instead(flow.Watch, "_tick", lambda right: wrong)


def _pairs(change: Callable[[Any], None]) -> Any:
    """change(pairs) falsifies what the kernel says of tracks and targets."""

    def make(right: Wrong) -> Wrong:
        def wrong(*args: Any) -> Any:
            pairs = right(*args)
            change(pairs)
            return pairs

        return wrong

    return _instead(assess, "judge", make)


def never_danger() -> Any:
    def change(pairs: Any) -> None:
        tier = pairs.ints[:, O_TIER]
        np.minimum(tier, int(Tier.WARNING), out=tier)

    return _pairs(change)


def bearing_reversed() -> Any:
    def change(pairs: Any) -> None:
        bearing = pairs.floats[:, O_BEARING]
        bearing[:] = (bearing + 180.0) % 360.0

    return _pairs(change)


def snapshot_forgets_who_answered() -> Any:
    def wrong(self: Any) -> bytes:
        held = None if self._tracker is None else self._tracker.snapshot()
        state = msgspec.structs.replace(self._s, reach=reach.ReachState())
        return msgspec.msgpack.encode(flow.Snapshot(state, held))

    return _instead(flow.Watch, "snapshot", lambda right: wrong)


def decides_by_chance() -> Any:
    chance = Random(1)

    def make(right: Wrong) -> Wrong:
        def wrong(self: Any, threats: Any, scene: Any) -> Any:
            return right(self, [t for t in threats if chance.random() > 0.02], scene)

        return wrong

    return _instead(AlertPolicy, "decide", make)


def attack_reaches_the_next_post_only() -> Any:
    def make(right: Wrong) -> Wrong:
        return lambda places, at, radius_m: right(places, at, radius_m / 5.0)

    return _instead(raised, "within", make)


def enrolled_people_are_not_believed() -> Any:
    def make(right: Wrong) -> Wrong:
        def wrong(*a: Any, tier: Any, **k: Any) -> Any:
            return right(*a, tier=Tier.WARNING, **k)

        return wrong

    return _instead(desk, "report_attack", make)


def all_clear_never_asks() -> Any:
    return _instead(desk, "question", lambda right: lambda *a: None)


def undo_tells_nobody() -> Any:
    return _instead(desk, "undo", lambda right: lambda *a, **k: [])


def silent_sensors_count_as_working() -> Any:
    return _instead(desk, "proofs", lambda right: lambda *a: right(*a) * 0)


def a_heartbeat_proves_nothing() -> Any:
    return _instead(flow, "heard", lambda right: lambda *a: None)


def machine_says_hostile() -> Any:
    return _instead(write, "identity_of", lambda right: lambda *a: Identity.HOSTILE)


# ---- track ---------------------------------------------------------------------------------------


class _Mirrored(Site):
    __slots__ = ()

    def to_enu(self, *, lat_deg: float, lon_deg: float, alt_hae_m: float) -> Enu:
        at = super().to_enu(lat_deg=lat_deg, lon_deg=lon_deg, alt_hae_m=alt_hae_m)
        return Enu(-at.e_m, at.n_m, at.u_m)

    def packed(self) -> Any:
        frame = super().packed()
        frame[4:7] *= -1.0  # the row of the rotation that gives east
        return frame


@contextmanager
def sign_of_east() -> Iterator[None]:
    with (
        _instead(flow, "Site", lambda right: _Mirrored),
        _instead(book, "Site", lambda right: _Mirrored),
    ):
        yield


def _misread(kind: Layout, change: Callable[[Any, int], None]) -> Any:
    """change(rows, t_recv_ns) falsifies the rows (n,) of every scan of this layout."""

    def make(right: Wrong) -> Wrong:
        def wrong(self: Any, body: Any, *, t_recv_ns: int, **k: Any) -> Any:
            if body.scan.layout is kind:
                rows = body.scan.rows().copy()
                change(rows, t_recv_ns)
                body = msgspec.structs.replace(body, scan=Scan(kind, rows.tobytes()))
            return right(self, body, t_recv_ns=t_recv_ns, **k)

        return wrong

    return _instead(tracker.Tracker, "observe", make)


def swapped_lat_lon() -> Any:
    def change(rows: Any, t_recv_ns: int) -> None:
        rows["lat_deg"], rows["lon_deg"] = rows["lon_deg"].copy(), rows["lat_deg"].copy()

    return _misread(Layout.PLACE_1, change)


@contextmanager
def degrees_as_radians() -> Iterator[None]:
    def change(rows: Any, t_recv_ns: int) -> None:
        for name in rows.dtype.names:
            if "_deg" in name and not name.startswith(("lat_", "lon_")):
                rows[name] = np.degrees(rows[name])
        for name in {"azimuth_deg_true", "course_deg_true"} & set(rows.dtype.names):
            rows[name] %= 360.0

    with _misread(Layout.POLAR_1, change), _misread(Layout.PLACE_1, change):
        yield


def range_in_feet() -> Any:
    def change(rows: Any, t_recv_ns: int) -> None:
        rows["range_m"] *= FEET

    return _misread(Layout.POLAR_1, change)


def speed_sign() -> Any:
    """Closing counts as receding."""

    def change(rows: Any, t_recv_ns: int) -> None:
        rows["range_rate_mps"] *= -1.0

    return _misread(Layout.POLAR_1, change)


def azimuth_from_east() -> Any:
    def change(rows: Any, t_recv_ns: int) -> None:
        rows["azimuth_deg_true"] = (90.0 - rows["azimuth_deg_true"]) % 360.0

    return _misread(Layout.POLAR_1, change)


def course_mirrored() -> Any:
    """A stated course to the east is taken for one to the west."""

    def change(rows: Any, t_recv_ns: int) -> None:
        rows["course_deg_true"] = -rows["course_deg_true"] % 360.0

    return _misread(Layout.PLACE_1, change)


def dropped_late_report() -> Any:
    def make(right: Wrong) -> Wrong:
        def wrong(self: Any, body: Any, *, t_recv_ns: int, **k: Any) -> Any:
            if t_recv_ns - body.t_obs_ns > 3_000_000_000:
                return SightingPlaced(
                    report_id=body.report_id, person_id=body.person_id, track_id=None, number=None
                )
            return right(self, body, t_recv_ns=t_recv_ns, **k)

        return wrong

    return _instead(tracker.Tracker, "sight", make)


def report_dated_by_its_arrival() -> Any:
    """The order in which people's reports come is taken for the order in which they saw."""

    def make(right: Wrong) -> Wrong:
        def wrong(self: Any, body: Any, *, t_recv_ns: int, **k: Any) -> Any:
            body = msgspec.structs.replace(body, t_obs_ns=t_recv_ns)
            return right(self, body, t_recv_ns=t_recv_ns, **k)

        return wrong

    return _instead(tracker.Tracker, "sight", make)


def retry_is_a_new_report() -> Any:
    def make(right: Wrong) -> Wrong:
        def wrong(self: Any, body: Any, *, t_recv_ns: int, **k: Any) -> Any:
            body = msgspec.structs.replace(body, report_id=f"{body.report_id}@{t_recv_ns}")
            return right(self, body, t_recv_ns=t_recv_ns, **k)

        return wrong

    return _instead(tracker.Tracker, "sight", make)


def refinement_replaces_the_time() -> Any:
    """What is added to a report later makes the drone seen later."""

    def make(right: Wrong) -> Wrong:
        def wrong(self: Any, body: Any, **k: Any) -> Any:
            placed = right(self, body, **k)
            slot = self._book.find(placed.track_id)
            if body.refines is not None and slot is not None:
                times = self._book.cols.i[slot]
                times[layout.T_LAST] = max(times[layout.T_LAST], body.t_obs_ns)
            return placed

        return wrong

    return _instead(tracker.Tracker, "sight", make)


@contextmanager
def late_scan_counts_as_now() -> Iterator[None]:
    def change(rows: Any, t_recv_ns: int) -> None:
        rows["t_obs_ns"] = t_recv_ns

    with _misread(Layout.POLAR_1, change), _misread(Layout.PLACE_1, change):
        yield


def hover_deletes_the_track() -> Any:
    def make(right: Wrong) -> Wrong:
        def wrong(*args: Any) -> Any:
            rows = right(*args)
            return rows[np.hypot(rows["x"][:, 3], rows["x"][:, 4]) > 2.0]

        return wrong

    return _instead(picture, "states", make)


BUGS: tuple[Callable[[], Any], ...] = (
    lost_cancel, duplicate_delivery, wrong_person, delivered_to_a_neighbour, ack_ignored,
    nobody_is_called, end_not_told_on_the_second_channel,
    all_clear_not_delivered, unknown_alert_kept, expiry_never, tier_falls_at_once,
    alert_id_changes_on_update, mark_dropped, tick_ignored, never_danger, bearing_reversed,
    attack_reaches_the_next_post_only,
    enrolled_people_are_not_believed, all_clear_never_asks, undo_tells_nobody,
    silent_sensors_count_as_working, a_heartbeat_proves_nothing, machine_says_hostile,
    snapshot_forgets_who_answered, decides_by_chance, sign_of_east, swapped_lat_lon,
    degrees_as_radians, range_in_feet, speed_sign, azimuth_from_east, course_mirrored,
    dropped_late_report, report_dated_by_its_arrival, retry_is_a_new_report,
    refinement_replaces_the_time, late_scan_counts_as_now, hover_deletes_the_track,
)  # fmt: skip
