"""The core as its drivers see it: order, ticks, marks, snapshots, what people may do."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from msgspec.structs import replace

from vigia.events import (
    Acknowledged,
    AgencyAdded,
    Alert,
    AlertsHeld,
    AllClear,
    AllClearAsked,
    AnyBody,
    CoreSettings,
    Delivery,
    DeviceEnrolled,
    DeviceRevoked,
    Event,
    Fault,
    Observation,
    PersonAdded,
    PersonMoved,
    Post,
    Reached,
    Restarted,
    SensorSite,
    SessionOpened,
    SettingsApplied,
    Sighting,
    SightingPlaced,
    Tick,
    TracksPublished,
)
from vigia.flow import Watch
from vigia.run.guard import GuardedCore
from vigia.scan import IdKind, Layout, pack
from vigia.terms import AckKind, Bearing, EndReason, Mark, Motion, MsgType, Position, Role, Tier

S = 1_000_000_000
T0 = 1_767_225_600 * S
ORIGIN = Position(31.79, -106.75, 1200.0)
DEG_PER_M = 1 / 110_900.0
SETTINGS = CoreSettings(
    mode=Mark.ACTUAL,
    origin=ORIGIN,
    posts=(Post(post_id="12", name="Post 12", position=ORIGIN),),
    sensors=(
        SensorSite(sensor_id="rid", kind="remote_id"),
        SensorSite(sensor_id="sim", kind="remote_id", simulated=True),
    ),
)


class Shell:
    """Feeds a Watch in order, ticking when it asks, and keeps what it decides."""

    def __init__(self, settings: CoreSettings = SETTINGS) -> None:
        self.watch = Watch()
        self.seq = 0
        self.out: list[Event] = []
        self.inputs: list[Event] = []
        self.at(0, SettingsApplied(settings=settings))

    def at(self, t_s: float, body: AnyBody, *, mark: Mark = Mark.ACTUAL) -> list[AnyBody]:
        """What this input decides; ticks that come due before it are fed first."""
        t_ns = T0 + int(t_s * S)
        while (due := self.watch.deadline()) is not None and due < t_ns:
            self._feed(due, Tick(), Mark.ACTUAL)
        return [e.body for e in self._feed(t_ns, body, mark)]

    def _feed(self, t_ns: int, body: AnyBody, mark: Mark) -> list[Event]:
        self.seq += 1
        event = Event(self.seq, t_ns, "test", mark, body)
        self.inputs.append(event)
        said = self.watch.receive(event)
        self.out += said
        return said

    def people(self) -> None:
        self.at(0.1, AgencyAdded(agency_id="g", name="G"))
        for person_id, role in (("a", Role.AGENT), ("w", Role.WATCH_OFFICER)):
            self.at(
                0.1,
                PersonAdded(
                    person_id=person_id, name=person_id, agency_id="g", role=role, post_id="12"
                ),
            )

    def approach(self, start_s: float, seconds: int, *, sensor: str = "rid") -> None:
        """A drone that broadcasts its position, from 900 m north straight to the post."""
        for i in range(seconds):
            t = start_s + i
            self.at(t, place(t, north_m=900 - 15 * i, sensor=sensor))


def place(t_s: float, *, north_m: float, sensor: str = "rid") -> Observation:
    scan = pack(
        Layout.PLACE_1,
        {
            "t_obs_ns": T0 + int(t_s * S),
            "lat_deg": ORIGIN.lat_deg + north_m * DEG_PER_M,
            "lon_deg": ORIGIN.lon_deg,
            "alt_hae_m": 1260.0,
            "sigma_m": 5.0,
            "alt_sigma_m": 10.0,
            "speed_mps": 15.0,
            "course_deg_true": 180.0,
            "climb_mps": 0.0,
            "speed_sigma_mps": 1.0,
            "p_drone": 0.9,
            "identity": b"SERIAL1",
            "id_kind": IdKind.SERIAL,
        },
    )
    return Observation(sensor_id=sensor, scan=scan)


def alerts(bodies: Iterable[AnyBody], target: str = "person/a") -> list[Alert]:
    return [b for b in bodies if isinstance(b, Alert) and b.target_id == target]


def all_alerts(shell: Shell, target: str = "person/a") -> list[Alert]:
    return alerts((e.body for e in shell.out), target)


def test_an_approach_is_watch_then_danger_before_it_arrives_and_is_delivered() -> None:
    shell = Shell()
    shell.people()
    shell.approach(1, 50)
    tiers = [a.tier for a in all_alerts(shell)]
    assert tiers[0] is Tier.WATCH
    first = next(a for a in all_alerts(shell) if a.tier is Tier.DANGER)
    assert first.t_decided_ns < T0 + 45 * S  # 15 s before the circle, at the latest
    assert first.from_point == "n"
    assert first.mark is Mark.ACTUAL
    delivered = {
        (d.body.alert_id, d.body.revision) for d in shell.out if isinstance(d.body, Delivery)
    }
    assert {(a.alert_id, a.revision) for a in all_alerts(shell)} <= delivered


def test_ticks_come_every_second_and_publish_the_picture() -> None:
    shell = Shell()
    shell.approach(1, 5)
    shell.at(8, Tick())
    pictures = [e for e in shell.out if isinstance(e.body, TracksPublished)]
    assert len(pictures) >= 6


def test_the_shell_must_keep_order() -> None:
    shell = Shell()
    with pytest.raises(AssertionError, match="seq"):
        shell.watch.receive(Event(1, T0 + S, "x", Mark.ACTUAL, Tick()))
    with pytest.raises(AssertionError, match="went back"):
        shell.watch.receive(Event(9, T0 - S, "x", Mark.ACTUAL, Tick()))
    with pytest.raises(AssertionError, match="first input"):
        Watch().receive(Event(1, T0, "x", Mark.ACTUAL, Tick()))


def test_a_snapshot_goes_on_exactly_and_a_replay_decides_the_same() -> None:
    shell = Shell()
    shell.people()
    shell.approach(1, 40)
    replayed, resumed, half = Watch(), Watch(), len(shell.inputs) // 2
    again: list[Event] = []
    for n, event in enumerate(shell.inputs):
        again += replayed.receive(event)
        if n == half:
            resumed = Watch.restore(replayed.snapshot())
        elif n > half:
            resumed.receive(event)
    assert again == shell.out
    assert replayed.snapshot() == shell.watch.snapshot() == resumed.snapshot()


def test_simulated_input_never_passes_for_actual() -> None:
    shell = Shell()
    shell.people()
    [fault] = shell.at(1, place(1, north_m=500), mark=Mark.DEMO)
    assert isinstance(fault, Fault)
    assert "needs mode demo or exercise" in fault.what
    shell.approach(2, 30, sensor="sim")
    said = all_alerts(shell)
    assert said
    assert {a.mark for a in said} == {Mark.EXERCISE}
    assert {e.mark for e in shell.out if isinstance(e.body, Alert | Delivery)} == {Mark.EXERCISE}


def test_everything_in_demo_mode_is_demo() -> None:
    shell = Shell(replace(SETTINGS, mode=Mark.DEMO))
    shell.people()
    shell.approach(1, 30)
    assert {a.mark for a in all_alerts(shell)} == {Mark.DEMO}


def test_an_unknown_sensor_is_refused_by_name() -> None:
    [fault] = Shell().at(1, place(1, north_m=500, sensor="stranger"))
    assert isinstance(fault, Fault)
    assert "stranger: not in the settings" in fault.what


def test_a_lone_sighting_warns_the_reporter_at_once_with_watch() -> None:
    shell = Shell()
    shell.people()
    shell.at(1, PersonMoved(person_id="a", t_obs_ns=T0 + S, position=ORIGIN))
    said = shell.at(
        2, Sighting(report_id="r1", t_obs_ns=T0 + 2 * S, person_id="a", bearing=Bearing(10.0, 12.0))
    )
    assert any(isinstance(b, SightingPlaced) and b.track_id for b in said)
    [alert] = alerts(said)
    assert alert.tier is Tier.WATCH
    assert alert.confirmed is False
    assert alert.sources == ("person",)


def test_a_repeated_report_is_harmless_and_towards_me_is_danger() -> None:
    shell = Shell()
    shell.people()
    report = Sighting(
        report_id="r1", t_obs_ns=T0 + 2 * S, person_id="a", bearing=Bearing(10.0, 12.0)
    )
    shell.at(2, report)
    [placed] = [b for b in shell.at(2.5, report) if isinstance(b, SightingPlaced)]
    assert placed.repeat
    more = replace(report, report_id="r2", refines="r1", motion=Motion.TOWARDS_ME)
    assert any(a.tier is Tier.DANGER for a in alerts(shell.at(3, more)))


def test_only_a_watch_officer_gives_all_clear() -> None:
    shell = Shell()
    shell.people()
    shell.approach(1, 20)
    [fault] = shell.at(21, AllClear(by_person_id="a", reason="I think so"))
    assert isinstance(fault, Fault)
    word = AllClear(by_person_id="w", reason="landed", clear_id="c1")
    [asked] = shell.at(21.1, word)
    assert isinstance(asked, AllClearAsked)  # the drone is still tracked
    assert len(asked.track_numbers) == 1
    ends = alerts(shell.at(21.2, replace(word, accepts=asked.open)))
    assert [(a.msg_type, a.end_reason, a.by_person_id) for a in ends] == [
        (MsgType.CANCEL, EndReason.ALL_CLEAR, "w")
    ]


def test_answers_count_once_and_a_returning_page_is_told_what_still_holds() -> None:
    shell = Shell()
    shell.people()
    shell.approach(1, 30)
    alert = all_alerts(shell)[-1]
    ack = Acknowledged(
        alert_id=alert.alert_id, revision=1, person_id="a", device_id="d",
        kind=AckKind.SAFE, t_obs_ns=T0,
    )  # fmt: skip
    assert [type(b) for b in shell.at(31, ack)] == [Reached]
    assert shell.at(31.1, ack) == []
    held = AlertsHeld(device_id="d", person_id="a", alert_ids=(alert.alert_id, "old"))
    said = shell.at(31.2, held)
    assert [b.alert_id for b in said if isinstance(b, Alert)] == ["old"]
    assert {b.alert_id for b in said if isinstance(b, Delivery)} == {alert.alert_id, "old"}


def test_revoked_devices_lose_their_sessions_and_strangers_get_none() -> None:
    shell = Shell()
    shell.people()
    shell.at(1, DeviceEnrolled(device_id="d", person_id="a", public_key=b"k"))
    shell.at(1, SessionOpened(session_id="s", device_id="d", person_id="a"))
    assert shell.watch.roster.sessions
    shell.at(2, DeviceRevoked(device_id="d", by_person_id="w", reason="lost"))
    assert not shell.watch.roster.sessions
    [fault] = shell.at(3, SessionOpened(session_id="s2", device_id="d", person_id="a"))
    assert isinstance(fault, Fault)


def test_after_a_restart_revisions_start_above_what_was_sent() -> None:
    shell = Shell()
    shell.people()
    shell.approach(1, 20)
    before = max(a.revision for a in all_alerts(shell))
    shell.at(21, Restarted(snapshot_seq=1))
    shell.approach(22, 10)
    assert all_alerts(shell)[-1].revision > before + 1000


def test_a_poison_input_is_set_aside_and_the_core_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    shell = Shell()
    shell.people()
    shell.approach(1, 10)
    core = GuardedCore(shell.watch)
    shell.watch = core.watch
    healthy = core.watch.snapshot()
    real = Watch.receive

    def breaks_on_sightings(self: Watch, event: Event) -> list[Event]:
        if isinstance(event.body, Sighting):
            self._s.t_ns = 0  # it had already begun to change the state
            raise ZeroDivisionError("our mistake")
        return real(self, event)

    monkeypatch.setattr(Watch, "receive", breaks_on_sightings)
    seq, t_ns = shell.seq + 1, T0 + 11 * S
    poison = Event(seq, t_ns, "x", Mark.ACTUAL, Sighting(report_id="r", t_obs_ns=t_ns))
    fault = core.receive(poison)
    assert isinstance(fault, Fault)
    assert fault.whose == "us"
    assert core.watch.snapshot() == healthy
    assert core.receive(Event(seq + 1, t_ns, "x", Mark.ACTUAL, Tick())) != fault
