"""The reach board, the radio desk's list, drills and contacts, over HTTP and as numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from gateway_world import NOW_NS, alert, now_ns, run, until, world
from vigia.cli import app
from vigia.events import HandedOver, Reached
from vigia.events_reach import ContactSet, DrillOrdered, NotReached, ToldByRadio
from vigia.run.courier.contacts import Contact, Contacts
from vigia.run.courier.courier import HEALTH, CourierHealth
from vigia.run.courier.lane import LaneHealth
from vigia.run.legs import Legs
from vigia.terms import AckKind, Channel, Role

S = 1_000_000_000


def called(revision: int = 1, *, over: bool = False) -> NotReached:
    tried = (Channel.PAGE, Channel.SMS)
    return NotReached(
        alert_id="a-p1", revision=revision, person_id="p1", tried=tried, failed=tried[:1], over=over
    )


def test_who_was_not_reached_is_listed_until_told_and_told_is_on_record(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            boss = await w.enrolled(Role.WATCH_OFFICER, "boss")
            await w.enrolled(Role.OFFICER, "p1")
            w.watch.emit(alert("p1"))
            w.watch.emit(called())
            await until(lambda: w.gateway.reach.calls())
            found = (await boss.http.get("/api/v1/reach")).json()
            [call] = found["calls"]
            assert (call["person_id"], call["tried"], call["failed"]) == (
                "p1",
                ["page", "sms"],
                ["page"],
            )
            answer = await boss.http.post(
                "/api/v1/alerts/a-p1/told", json={"person_id": "p1", "revision": 1}
            )
            assert answer.status_code == 200
            [told] = w.watch.bodies(ToldByRadio)
            assert (told.by_person_id, told.person_id) == ("boss", "p1")
            w.watch.emit(called(over=True))
            await until(lambda: not w.gateway.reach.calls())

    run(go)


def test_the_board_says_who_would_not_be_reached_and_why_worst_first(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            boss = await w.enrolled(Role.WATCH_OFFICER, "boss")
            await w.enrolled(Role.OFFICER, "p1")
            await w.enrolled(Role.OFFICER, "p2")
            w.watch.emit(ContactSet(person_id="p2", channel=Channel.SMS))
            lane = LaneHealth(name="s", channel="sms")
            health = CourierHealth(
                t_ns=now_ns() + 3600 * S, connected=True, disk="ok", lanes=[lane], contacts={}
            )
            (tmp_path / HEALTH).write_bytes(msgspec.json.encode(health))
            await until(lambda: w.gateway.reach.contacts)
            people = (await boss.http.get("/api/v1/reach")).json()["people"]
            reach = {p["person_id"]: p["reach"] for p in people}
            assert reach["p1"] == "none"
            assert reach["p2"] == "unproved"
            assert [p["reach"] for p in people] == sorted(
                (p["reach"] for p in people), key=["none", "unproved", "proved"].index
            )

    run(go)


def test_tak_is_proved_by_his_client_and_needs_no_courier(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            boss = await w.enrolled(Role.WATCH_OFFICER, "boss")
            await w.enrolled(Role.OFFICER, "p1")
            w.watch.emit(ContactSet(person_id="p1", channel=Channel.COT))
            await until(lambda: w.gateway.reach.contacts)
            assert (await row(boss, "p1"))["channels"][1]["state"] == "silent"
            held = Contacts(tmp_path)
            held.prove("p1", Channel.COT, w.gateway.clock.now_ns())
            held.close()
            found = await row(boss, "p1")
            assert (found["reach"], found["channels"][1]["state"]) == ("proved", "proved")

    run(go)


async def row(boss: Any, person_id: str) -> dict[str, Any]:
    people = (await boss.http.get("/api/v1/reach")).json()["people"]
    return next(p for p in people if p["person_id"] == person_id)


def test_the_last_word_on_a_channel_counts_be_it_an_alert_or_a_probe() -> None:
    lane = LaneHealth(name="s", channel="siren")
    assert lane.works is None
    lane.probe, lane.probed_ns = "nobody answers", 5
    assert (lane.works, lane.trouble) == (False, "nobody answers")
    lane.last_ok_ns = 6
    assert (lane.works, lane.trouble) == (True, "")
    lane.last_error, lane.last_error_ns = "it answers 500", 7
    assert lane.trouble == "it answers 500"
    lane.probe, lane.probed_ns = "", 8
    assert lane.works
    lane.probe, lane.probed_ns = None, 9  # cannot be asked: says nothing
    assert lane.works is False


def test_a_drill_is_ordered_under_its_officers_name(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            boss = await w.enrolled(Role.WATCH_OFFICER, "boss")
            answer = await boss.http.post("/api/v1/drills", json={"reason": "weekly"})
            assert answer.json()["drill_id"].startswith("drill-")
            [order] = w.watch.bodies(DrillOrdered)
            assert (order.by_person_id, order.reason) == ("boss", "weekly")

    run(go)


def test_contacts_are_set_and_read_by_an_administrator(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            admin = await w.enrolled(Role.ADMIN, "admin")
            body = {"person_id": "admin", "channel": "sms", "addresses": ["+34600000001"]}
            assert (await admin.http.post("/api/v1/contacts", json=body)).status_code == 200
            [row] = (await admin.http.get("/api/v1/contacts")).json()["contacts"]
            assert row == {"person_id": "admin", "channel": "sms", "address": "+34600000001"}
            bad = await admin.http.post("/api/v1/contacts", json=body | {"channel": "siren"})
            assert bad.status_code == 400

    run(go)


def test_contacts_are_imported_whole_or_not_at_all(tmp_path: Path) -> None:
    file, data = tmp_path / "people.csv", tmp_path / "data"
    file.write_text("person_id,channel,address\np1,sms,+1\np2,email,a@b.c\n")
    done = CliRunner().invoke(app, ["contacts", "import", str(file), "--data", str(data)])
    assert done.exit_code == 0
    held = Contacts(data)
    assert held.all() == [
        Contact("p1", Channel.SMS, "+1"),
        Contact("p2", Channel.EMAIL, "a@b.c"),
    ]
    file.write_text("person_id,channel,address\np3,sms,+1\np4,pigeon,x\n")
    done = CliRunner().invoke(app, ["contacts", "import", str(file), "--data", str(data)])
    assert done.exit_code == 2
    assert len(held.all()) == 2
    held.close()


def test_legs_by_channel_now_and_today() -> None:
    legs, t = Legs(), NOW_NS
    a = alert("p1", t_cause_ns=t, t_decided_ns=t + S // 10)
    legs.decided(a)
    for channel, after_ns in (("page", S // 20), ("ntfy", S)):
        legs.handed(
            HandedOver(
                delivery_id=f"a-p1.1.{channel}",
                alert_id="a-p1",
                revision=1,
                t_handed_ns=a.t_decided_ns + after_ns,
            )
        )
    legs.reached(Reached(alert_id="a-p1", person_id="p1", kind=AckKind.DELIVERED, t_obs_ns=t + S))
    legs.reached(Reached(alert_id="a-p1", person_id="p1", kind=AckKind.SEEN, t_obs_ns=t + 3 * S))
    found = legs.table(t + 4 * S)["now"]
    assert {k: round(v["p50"], 3) for k, v in found.items()} == {
        "t0_t1": 0.1,
        "t1_t2/ntfy": 1.0,
        "t1_t2/page": 0.05,
        "t2_t3/page": 0.85,
        "t3_t4/page": 2.0,
    }
    assert legs.table(t + 400 * S)["now"] == {}
    assert any('quantile="0.99"' in line for line in legs.lines(t + 4 * S))


@pytest.mark.parametrize("n", [1, 2, 99, 100, 101])
def test_the_quantile_is_a_value_that_occurred(n: int) -> None:
    from vigia.run.legs import _quantile

    values = [float(k) for k in range(1, n + 1)]
    assert _quantile(values, 0.5) in values
    assert _quantile(values, 0.99) == values[-(-99 * n // 100) - 1]
