"""Whose alert is it: nobody's warning is answered, taken over or ended by somebody else."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from websockets.exceptions import InvalidStatus

from gateway_world import Json, alert, delivery_of, run, until, world
from vigia.events import Acknowledged, AlertsHeld, Delivery, Fault, HandedOver, Reached
from vigia.run.view import View
from vigia.terms import AckKind, EndReason, MsgType, Role


def test_an_alert_id_of_one_person_is_not_taken_for_another() -> None:
    view = View()
    assert view.take_alert(alert("p1"))
    assert not view.take_alert(alert("p2", alert_id="a-p1", revision=9))
    assert view.alerts["a-p1"].person_id == "p1"
    assert view.take_alert(alert("p1", revision=2, msg_type=MsgType.CANCEL))
    assert not view.take_alert(alert("p2", alert_id="a-p1", revision=9))
    assert "a-p1" not in view.alerts


def test_a_foreign_end_of_an_alert_is_a_fault_and_ends_nothing(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            phone = await w.enrolled()
            async with phone.page() as page:
                w.watch.warn(alert("p1"))
                await page.hear("alert")
                foreign = alert(
                    "boss",
                    alert_id="a-p1",
                    revision=999,
                    msg_type=MsgType.CANCEL,
                    end_reason=EndReason.UNKNOWN_AFTER_RESTART,
                )
                w.watch.warn(foreign)
                await until(lambda: len(w.watch.bodies(HandedOver)) == 2)
                assert "another person" in (w.watch.bodies(HandedOver)[1].failed or "")
                w.watch.warn(alert("p1", revision=2, msg_type=MsgType.UPDATE))
                heard = (await page.hear("alert"))["alert"]  # the next one, nothing between
                assert (heard["revision"], heard["msg_type"]) == (2, "update")
                await until(lambda: any(f.where == "alert" for f in w.watch.bodies(Fault)))

    run(go)


def test_a_delivery_never_carries_another_revision_or_person(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            phone = await w.enrolled()
            async with phone.page() as page:
                await page.hear("hello")
                a = alert("p1", revision=2)
                w.watch.emit(a)
                good = delivery_of(a)
                wrong: list[Delivery] = [
                    msgspec.structs.replace(good, delivery_id="older", revision=1),
                    msgspec.structs.replace(good, delivery_id="newer", revision=3),
                    msgspec.structs.replace(good, delivery_id="foreign", person_id="p2"),
                ]
                for delivery in [*wrong, good]:
                    w.watch.emit(delivery)
                await until(lambda: len(w.watch.bodies(HandedOver)) == 4)
                told = {h.delivery_id: h.failed for h in w.watch.bodies(HandedOver)}
                assert told[good.delivery_id] is None
                assert all(told[d.delivery_id] for d in wrong)
                await page.hear("alert")
                await page.say(t="ping", n=1)
                frames: list[Json] = []
                while not frames or frames[-1]["t"] != "pong":
                    frames.append(msgspec.json.decode(await page.ws.recv()))
                assert not any(f["t"] == "alert" for f in frames)  # one frame for four deliveries

    run(go)


def test_a_console_that_reconnects_takes_no_revision_from_the_warned(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            phone, officer = await w.enrolled(), await w.enrolled(Role.WATCH_OFFICER, "boss")
            async with phone.page() as page:
                await page.hear("hello")
                w.watch.warn(alert("p1"))
                assert (await page.hear("alert"))["alert"]["revision"] == 1
                for revision in (2, 3, 4):
                    async with officer.page() as console:
                        hello = await console.hear("hello")
                        shown = [a["alert_id"] for a in hello["alerts"]]
                        assert shown == ["a-p1"]
                        await console.say(t="holds", alert_ids=shown)  # as an old console did
                        # and as a core answered that: an end under the asker's name
                        w.watch.warn(alert("boss", alert_id="a-p1", revision=99))
                        w.watch.warn(alert("p1", revision=revision, msg_type=MsgType.UPDATE))
                        assert (await page.hear("alert"))["alert"]["revision"] == revision
                        heard = (await console.hear("alert"))["alert"]
                        assert (heard["person_id"], heard["revision"]) == ("p1", revision)

    run(go)


def test_an_ended_alert_is_answered_by_its_owner_only_and_an_unknown_one_by_nobody(
    tmp_path: Path,
) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            phone, other = await w.enrolled(), await w.enrolled(person_id="p2")
            async with phone.page() as page, other.page() as stranger:
                w.watch.warn(alert("p1"))
                w.watch.warn(alert("p1", revision=2, msg_type=MsgType.CANCEL))
                await until(lambda: not w.gateway.view.alerts and bool(w.gateway.view.ended))
                ack = {"t": "ack", "alert_id": "a-p1", "revision": 1, "kind": "safe", "t_ms": 1}
                await stranger.say(**ack)
                await stranger.hear("acked")  # it need not repeat, and it counts nowhere
                assert w.watch.bodies(Acknowledged) == []
                await page.say(**ack)
                await page.hear("acked")
                assert [b.person_id for b in w.watch.bodies(Acknowledged)] == ["p1"]
                await until(lambda: w.gateway.knows_past)
                await page.say(**(ack | {"alert_id": "never-was"}))
                refused = (await page.hear("refused"))["error"]
                assert "not known" in refused["what"]
                assert refused["got"] == "never-was"
                assert len(w.watch.bodies(Acknowledged)) == 1

    run(go)


def test_an_answer_to_an_unknown_alert_is_no_answer() -> None:
    view = View()
    view.take_reached(Reached(alert_id="a-p1", person_id="p2", kind=AckKind.SAFE, t_obs_ns=9))
    a = alert("p1")
    view.take_alert(a)
    assert view.alert(a).reached.safe_ms is None
    view.recall_owner("past", "p1")
    assert view.is_for("past", "p1")
    assert view.is_for("past", "p2") is False
    assert view.is_for("never", "p1") is None


def test_what_a_page_holds_is_asked_once_a_second(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            phone = await w.enrolled()
            async with phone.page() as page:
                for n in range(20):
                    await page.say(t="holds", alert_ids=[f"old-{n}"])
                await page.say(t="ping", n=1)
                await page.hear("pong")
                await until(lambda: len(w.watch.bodies(AlertsHeld)) >= 2)
                held = [b.alert_ids for b in w.watch.bodies(AlertsHeld)]
                assert held == [("old-0",), ("old-19",)]  # the last is not lost

    run(go)


def test_a_refused_socket_prints_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            for _ in range(3):
                with pytest.raises(InvalidStatus) as refused:
                    async with w.phone().page():
                        pass
                assert refused.value.response.status_code == 401
                assert b"error" in refused.value.response.body

    run(go)
    said = caplog.text + "".join(capfd.readouterr())
    assert "handshake" not in said
