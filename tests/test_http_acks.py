"""Answers that come from a notification: over HTTP, on record, only from whom the alert warns."""

from __future__ import annotations

from pathlib import Path

from gateway_world import alert, now_ns, run, until, world
from vigia.events import Acknowledged
from vigia.terms import AckKind


def test_an_answer_from_a_notification_is_on_record_when_it_is_answered(tmp_path: Path) -> None:
    async def work() -> None:
        async with world(tmp_path) as w:
            phone, other = await w.enrolled(), await w.enrolled(person_id="p2")
            w.watch.warn(alert("p1"))
            await until(lambda: w.gateway.view.held("a-p1") is not None)
            told = {"alert_id": "a-p1", "revision": 1, "t_ms": now_ns() // 1_000_000 + 60_000}
            for kind in ("delivered", "safe"):
                answer = await phone.http.post(
                    "/api/v1/acknowledgements", json={**told, "kind": kind}
                )
                assert answer.status_code == 200, answer.text
            first, second = w.watch.bodies(Acknowledged)
            assert (first.kind, second.kind) == (AckKind.DELIVERED, AckKind.SAFE)
            assert first.person_id == "p1"
            assert first.t_obs_ns <= now_ns()  # a clock ahead is not believed
            for who, changed, status in (
                (other, {}, 404),
                (phone, {"alert_id": "none"}, 404),
                (phone, {"kind": "happy"}, 400),
                (phone, {"revision": -1}, 400),
            ):
                body = {**told, "kind": "safe", **changed}
                answer = await who.http.post("/api/v1/acknowledgements", json=body)
                assert answer.status_code == status, answer.text
            assert len(w.watch.bodies(Acknowledged)) == 2

    run(work)


def test_an_answer_that_is_not_on_record_is_to_be_repeated(tmp_path: Path) -> None:
    async def work() -> None:
        async with world(tmp_path) as w:
            phone = await w.enrolled()
            w.watch.warn(alert("p1"))
            await until(lambda: w.gateway.view.held("a-p1") is not None)
            w.watch.refuses = True
            body = {"alert_id": "a-p1", "revision": 1, "kind": "seen", "t_ms": 1}
            answer = await phone.http.post("/api/v1/acknowledgements", json=body)
            assert answer.status_code == 503

    run(work)
