"""The socket: greeting, alerts and T2, acknowledgements, loss of the watch, slow and rude pages."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from gateway_world import FakeWatch, alert, delivery_of, run, until, world
from vigia.events import (
    Acknowledged,
    AlertsHeld,
    DeviceRevoked,
    Fault,
    HandedOver,
    PersonMoved,
    SessionClosed,
    SessionOpened,
    TracksPublished,
)
from vigia.ledger.times import AlertTimes, RevisionTimes
from vigia.run.link import Arrival, PersonSpot, Picture
from vigia.run.link_io import link_path
from vigia.terms import AckKind, EndReason, MsgType, Position, Role


def test_hello_tells_who_where_and_what_is_open(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            phone = await w.enrolled()
            w.watch.warn(alert("p1"))
            w.watch.warn(alert("p2"))
            await until(lambda: len(w.gateway.view.alerts) == 2)
            async with phone.page() as page:
                hello = await page.hear("hello")
            assert hello["person"]["name"] == "P1"
            assert hello["mode"] == "demo"
            assert hello["posts"][0]["name"] == "Post 12"
            assert hello["watch"]["state"] == "ready"
            assert hello["danger_radius_m"] == 50.0
            assert [a["alert_id"] for a in hello["alerts"]] == ["a-p1"]  # an agent sees his own
            officer = await w.enrolled(Role.WATCH_OFFICER, "boss")
            async with officer.page() as page:
                hello = await page.hear("hello")
            assert {a["alert_id"] for a in hello["alerts"]} == {"a-p1", "a-p2"}

    run(go)


def test_an_alert_reaches_its_person_and_the_officers_and_t2_is_told(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            phone, other = await w.enrolled(), await w.enrolled(person_id="p2")
            officer = await w.enrolled(Role.WATCH_OFFICER, "boss")
            async with phone.page() as page, other.page() as quiet, officer.page() as console:
                for talk in (page, quiet, console):
                    await talk.hear("hello")
                a = alert("p1")
                w.watch.warn(a)
                heard = (await page.hear("alert"))["alert"]
                assert heard["alert_id"] == "a-p1"
                assert heard["tier"] == 3
                assert heard["cause_ms"] == a.t_cause_ns // 1_000_000
                assert heard["person_name"] == "P1"
                assert (await console.hear("alert"))["alert"]["alert_id"] == "a-p1"
                await until(lambda: len(w.watch.bodies(HandedOver)) == 1)
                handed = w.watch.bodies(HandedOver)[0]
                assert handed.delivery_id == delivery_of(a).delivery_id
                assert handed.failed is None
                # the gateway follows the watch's clock to a fraction of a millisecond
                took_ns = handed.t_handed_ns - a.t_decided_ns
                assert -1_000_000 <= took_ns <= 2_000_000_000
                with pytest.raises(TimeoutError):
                    await quiet.hear("alert", 0.2)

    run(go)


def test_an_alert_for_nobody_present_says_so(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            await w.enrolled()
            w.watch.warn(alert("p1"))
            await until(lambda: len(w.watch.bodies(HandedOver)) == 1)
            assert w.watch.bodies(HandedOver)[0].failed == "no open page"

    run(go)


def test_an_acknowledgement_is_answered_after_the_commit_and_shown_to_officers(
    tmp_path: Path,
) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            phone, officer = await w.enrolled(), await w.enrolled(Role.WATCH_OFFICER, "boss")
            async with phone.page() as page, officer.page() as console:
                await console.hear("hello")
                w.watch.warn(alert("p1"))
                t_ms = (await page.hear("alert"))["alert"]["cause_ms"] + 20
                w.watch.commits = False
                ack = {"t": "ack", "alert_id": "a-p1", "revision": 1, "kind": "safe", "t_ms": t_ms}
                await page.say(**ack)
                await page.say(**ack)  # a repetition while the first is on its way
                with pytest.raises(TimeoutError):
                    await page.hear("acked", 0.2)
                assert len(w.watch.bodies(Acknowledged)) == 1
                w.watch.commits = True
                w.watch._got(w.watch.got[-1])  # the disk answers
                acked = await page.hear("acked")
                assert (acked["alert_id"], acked["revision"], acked["kind"]) == ("a-p1", 1, "safe")
                reached = await console.hear("reached")
                assert (reached["person_id"], reached["kind"]) == ("p1", "safe")
                body = w.watch.bodies(Acknowledged)[0]
                assert body.person_id == "p1"
                assert body.kind is AckKind.SAFE
                assert body.device_id == phone.device_id
                w.watch.warn(alert("p1", revision=2, msg_type=MsgType.UPDATE))
                again = (await page.hear("alert"))["alert"]
                assert again["reached"]["safe_ms"] == body.t_obs_ns // 1_000_000

    run(go)


def test_an_acknowledgement_that_the_watch_refused_is_not_answered(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            phone = await w.enrolled()
            async with phone.page() as page:
                w.watch.warn(alert("p1"))
                await page.hear("alert")
                w.watch.refuses = True
                await page.say(t="ack", alert_id="a-p1", revision=1, kind="seen", t_ms=1)
                with pytest.raises(TimeoutError):
                    await page.hear("acked", 0.3)
                w.watch.refuses = False
                await page.say(t="ack", alert_id="a-p1", revision=1, kind="seen", t_ms=1)
                await page.hear("acked")

    run(go)


def test_nobody_answers_for_somebody_else(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            officer = await w.enrolled(Role.WATCH_OFFICER, "boss")
            await w.enrolled()
            async with officer.page() as console:
                w.watch.warn(alert("p1"))
                await console.hear("alert")
                await console.say(t="ack", alert_id="a-p1", revision=1, kind="safe", t_ms=1)
                await console.hear("acked")
            assert w.watch.bodies(Acknowledged) == []

    run(go)


def test_what_a_page_holds_goes_to_the_watch_and_unknown_alerts_are_cancelled(
    tmp_path: Path,
) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            phone = await w.enrolled()
            async with phone.page() as page:
                await page.say(t="holds", alert_ids=["old"])
                await until(lambda: len(w.watch.bodies(AlertsHeld)) == 1)
                held = w.watch.bodies(AlertsHeld)[0]
                assert (held.person_id, held.alert_ids) == ("p1", ("old",))
                w.watch.warn(
                    alert(
                        "p1",
                        alert_id="old",
                        revision=999,
                        msg_type=MsgType.CANCEL,
                        end_reason=EndReason.UNKNOWN_AFTER_RESTART,
                    )
                )
                ended = (await page.hear("alert"))["alert"]
                assert (ended["alert_id"], ended["msg_type"]) == ("old", "cancel")
                assert ended["end_reason"] == "unknown_after_restart"
                await until(lambda: len(w.watch.bodies(HandedOver)) == 1)
                assert w.watch.bodies(HandedOver)[0].failed is None

    run(go)


def test_a_watch_that_dies_before_it_recorded_what_a_page_holds_is_asked_again(
    tmp_path: Path,
) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            phone = await w.enrolled()
            async with phone.page() as page:
                await page.hear("hello")
                w.watch.commits = False
                await page.say(t="holds", alert_ids=["old"])
                await until(lambda: len(w.watch.bodies(AlertsHeld)) == 1)
                wire = w.watch.link._wire  # pyright: ignore[reportPrivateUsage]
                assert wire is not None
                wire.end()  # as the death of the watch does
                w.watch.commits = True
                await until(lambda: len(w.watch.bodies(AlertsHeld)) == 2)
                await until(lambda: not w.gateway.link.waiting)

    run(go)


def test_what_is_open_for_somebody_else_cannot_be_asked_after(tmp_path: Path) -> None:
    """The core would not find it among the asker's own, and would end it for the warned person."""

    async def go() -> None:
        async with world(tmp_path) as w:
            officer = await w.enrolled(Role.WATCH_OFFICER, "o1")
            async with officer.page() as console:
                await console.hear("hello")
                w.watch.warn(alert("p1"))
                await console.hear("alert")
                await console.say(t="holds", alert_ids=["a-p1", "old"])
                await until(lambda: len(w.watch.bodies(AlertsHeld)) == 1)
                assert w.watch.bodies(AlertsHeld)[0].alert_ids == ("old",)

    run(go)


def test_sessions_are_told_and_positions_only_while_on_watch(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            phone = await w.enrolled()
            spot = {"t": "position", "t_ms": 1_000, "lat_deg": 31.8, "lon_deg": -106.7}
            async with phone.page() as page:
                await page.say(**spot)
                await page.say(t="on_watch", on=True, siren=True)
                await page.say(**spot, sigma_m=8.0)
                await page.say(**spot)  # too soon after the last
                await page.say(t="ping", n=7)
                assert (await page.hear("pong"))["n"] == 7
            await until(lambda: len(w.watch.bodies(SessionClosed)) == 1)
            opened = w.watch.bodies(SessionOpened)
            assert [o.on_watch for o in opened] == [False, True]
            assert opened[0].session_id == opened[1].session_id
            assert w.watch.bodies(SessionClosed)[0].session_id == opened[0].session_id
            moved = w.watch.bodies(PersonMoved)
            assert [m.position for m in moved] == [Position(31.8, -106.7, None, 8.0)]

    run(go)


def test_a_lost_watch_is_shown_and_a_returning_one_too(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            phone = await w.enrolled()
            async with phone.page() as page:
                await page.hear("hello")
                w.watch.beats = False
                async with asyncio.timeout(8):
                    while (beat := await page.hear("beat"))["state"] == "ready":
                        pass
                assert beat["state"] == "lost"
                w.watch.beat()
                async with asyncio.timeout(3):
                    while (beat := await page.hear("beat"))["state"] == "lost":
                        pass
                assert beat["state"] == "ready"

    run(go)


def test_a_new_watch_greets_the_pages_anew_and_ends_what_it_does_not_know(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            phone = await w.enrolled()
            async with phone.page() as page:
                await page.hear("hello")
                w.watch.warn(alert("p1"))
                await page.hear("alert")
                w.watch.open_alerts = ()
                w.watch.tell_state()  # as after a restart: the alert was never committed
                hello = await page.hear("hello")
                assert hello["alerts"] == []
                await until(lambda: len(w.watch.bodies(AlertsHeld)) == 1)
                assert w.watch.bodies(AlertsHeld)[0].alert_ids == ("a-p1",)

    run(go)


def test_answers_from_before_a_restart_of_the_gateway_are_shown_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a = alert("p1")
    revision = RevisionTimes(
        revision=1, what="alert", tier=3, cause_ns=1, decided_ns=2, delivered_ns=5_000_000
    )
    past = AlertTimes(
        alert_id=a.alert_id,
        person="p1",
        target="person/p1",
        incident_id="i1",
        mark="demo",
        tier_max=3,
        ended=None,
        revisions=[revision],
    )

    def read_alert_times(folder: Path, *, since_ns: int) -> list[AlertTimes]:
        assert folder == tmp_path
        return [past]

    monkeypatch.setattr("vigia.run.gateway_past.read_alert_times", read_alert_times)

    async def go() -> None:
        async with world(tmp_path, open_alerts=(a,)) as w:
            officer = await w.enrolled(Role.WATCH_OFFICER, "boss")
            async with officer.page() as console:
                hello = await console.hear("hello")
                reached = hello["alerts"][0]["reached"]
                assert reached == {"delivered_ms": 5, "seen_ms": None, "safe_ms": None}

    run(go)


def test_the_picture_goes_to_officers_only(tmp_path: Path) -> None:
    import numpy as np

    from vigia.tracktable import PUBLISHED_DTYPE, PUBLISHED_VERSION

    async def go() -> None:
        rows = np.zeros(2, dtype=PUBLISHED_DTYPE)
        rows["track_id"] = [b"t1", b"t2"]
        rows["number"], rows["status"], rows["mark"] = [41, 42], [2, 1], [0, 2]
        rows["fix"], rows["flags"] = [1, 2], [3, 16]
        rows["lat_deg"] = [31.8, np.nan]
        rows["azimuth_deg_true"] = [np.nan, 172.0]
        rows["serial"] = [b"1581F", b""]
        async with world(tmp_path) as w:
            phone, officer = await w.enrolled(), await w.enrolled(Role.WATCH_OFFICER, "boss")
            async with phone.page() as page, officer.page() as console:
                await page.hear("hello")
                await console.hear("picture")  # the one of the greeting, empty
                w.watch.emit(TracksPublished(version=PUBLISHED_VERSION, data=rows.tobytes()))
                arrival = Arrival("t1", "person/p1", 0.8, 5_000_000, None, 900.0, 231.0)
                spot = PersonSpot("p1", Position(31.79, -106.75, None, 8.0), 7_000_000)
                w.watch.link.send(Picture(t_ns=9_000_000, arrivals=(arrival,), people=(spot,)))
                picture = await console.hear("picture")
                first, second = picture["tracks"]
                assert picture["t_ms"] == 9
                assert picture["people"][0]["person_id"] == "p1"
                assert (first["number"], first["status"], first["mark"]) == (
                    41,
                    "confirmed",
                    "actual",
                )
                assert (first["flags"], first["serial"]) == (["load", "closing"], "1581F")
                assert first["arrival"]["target_id"] == "person/p1"
                assert first["arrival"]["p50_ms"] is None
                assert (second["fix"], second["lat_deg"], second["serial"]) == (
                    "sector",
                    None,
                    None,
                )
                assert second["azimuth_deg_true"] == 172.0
                assert second["arrival"] is None
                with pytest.raises(TimeoutError):
                    await page.hear("picture", 0.2)

    run(go)


def test_a_page_that_talks_nonsense_is_answered_and_counted(tmp_path: Path) -> None:
    garbage: list[str | bytes] = [
        "",
        "{",
        "null",
        '{"t":"nope"}',
        '{"t":"ack"}',
        '{"t":"holds","alert_ids":["' + "x" * 65 + '"]}',
        '{"t":"position","t_ms":1,"lat_deg":91,"lon_deg":0}',
        '{"t":"ping","n":' + "9" * 400 + "}",
        b"\xff\xfe\x00",
    ]

    async def go() -> None:
        async with world(tmp_path) as w:
            phone = await w.enrolled()
            async with phone.page() as page:
                await page.hear("hello")
                for one in garbage:
                    await page.ws.send(one)
                    assert (await page.hear("refused"))["error"]["what"]
                await page.say(t="ping", n=1)
                await page.hear("pong")
            await until(lambda: sum(f.count for f in w.watch.bodies(Fault)) == len(garbage))
            for fault in w.watch.bodies(Fault):
                assert (fault.where, fault.whose, fault.person_id) == ("page", "peer", "p1")

    run(go)


def test_a_page_that_does_not_read_is_dropped_and_delays_nobody(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            phone, slow = await w.enrolled(), await w.enrolled(person_id="p2")
            async with slow.page(max_queue=1) as stuck, phone.page() as page:
                await page.hear("hello")
                stuck.ws.transport.pause_reading()
                long = "x" * 2_000
                for n in range(1, 4_000):
                    if len(w.gateway.hub) == 1:
                        break
                    w.watch.warn(alert("p2", revision=n, sources=(long,)))
                    await asyncio.sleep(0)
                await until(lambda: len(w.gateway.hub) == 1)
                assert w.gateway.hub.dropped == 1
                w.watch.warn(alert("p1"))
                assert (await page.hear("alert", 1.0))["alert"]["alert_id"] == "a-p1"
                await until(lambda: any(h.failed for h in w.watch.bodies(HandedOver)))
                stuck.ws.transport.resume_reading()
                with pytest.raises(ConnectionClosed):
                    await stuck.hear("nothing")

    run(go)


def test_a_revoked_device_loses_its_pages_and_its_session_at_once(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            phone, admin = await w.enrolled(), await w.enrolled(Role.ADMIN, "root")
            async with phone.page() as page:
                await page.hear("hello")
                answer = await admin.http.post(
                    f"/api/v1/devices/{phone.device_id}/revoke", json={"reason": "lost"}
                )
                assert answer.status_code == 200
                with pytest.raises(ConnectionClosed):
                    await page.hear("nothing")
            assert w.watch.bodies(DeviceRevoked)[0].by_person_id == "root"
            assert (await phone.http.get("/api/v1/me")).status_code == 401
            assert (await phone.open_session()).status_code == 401

    run(go)


def test_the_socket_needs_a_session_and_our_own_origin(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            stranger = w.phone()
            with pytest.raises(InvalidStatus) as refused:
                async with stranger.page():
                    pass
            assert refused.value.response.status_code == 401
            phone = await w.enrolled()
            with pytest.raises(InvalidStatus) as refused:
                async with phone.page(origin="http://evil.example"):
                    pass
            assert refused.value.response.status_code == 403
            async with phone.page(origin=w.url) as page:
                await page.hear("hello")

    run(go)


def test_the_link_is_found_again_after_the_watch_died(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            phone = await w.enrolled()
            async with phone.page() as page:
                await page.hear("hello")
                link = w.gateway.link
                wire = w.watch.link._wire
                assert wire is not None
                wire.end()
                await until(lambda: not link.connected)
                await until(lambda: link.connected)
                await page.hear("hello")
                assert FakeWatch is type(w.watch)
                assert link_path(tmp_path).exists()

    run(go)
