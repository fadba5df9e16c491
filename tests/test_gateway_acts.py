"""What people do to alerts over HTTP, what the core answers, and how places are told watched."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from gateway_world import Json, alert, run, world
from vigia.admission import CORE
from vigia.alert_terms import DroneClass, Watched
from vigia.events import (
    AlertRaised,
    AllClear,
    AllClearAsked,
    AllClearReversed,
    AnyBody,
    AttackReported,
    ClassCover,
    CoverTold,
    Fault,
    Grounds,
    Input,
    MarkedFriendly,
    ReportConfirmed,
    TrackIdentified,
    Undone,
)
from vigia.terms import Identity, Role, Tier

COVER = CoverTold(
    target_id="post/12",
    person_id=None,
    watched=Watched.LOST,
    t_since_ns=5_000_000_000,
    classes=(
        ClassCover(drones=DroneClass.FLYING, watched=Watched.LOST, points=(), kinds=("radar",)),
    ),
)


def asks(body: Input) -> list[AnyBody]:
    if isinstance(body, AllClear) and not body.accepts:
        return [
            AllClearAsked(
                clear_id=body.clear_id,
                by_person_id=body.by_person_id,
                incident_id=body.incident_id,
                open=("track/t1", "blind/12"),
                track_numbers=(41,),
            )
        ]
    return []


def refuses(body: Input) -> list[AnyBody]:
    if isinstance(body, MarkedFriendly | AllClearReversed):
        return [Fault(where=CORE, whose="peer", what="not there any more")]
    return []


def test_an_all_clear_is_asked_back_and_given_with_what_was_shown(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            w.watch.decides = asks
            boss = await w.enrolled(Role.WATCH_OFFICER, "boss")
            first = await boss.http.post("/api/v1/all-clear", json={"reason": "searched"})
            asked: Json = first.json()
            assert asked["asked"] == {"open": ["track/t1", "blind/12"], "track_numbers": [41]}
            again = {
                "reason": "searched",
                "clear_id": asked["clear_id"],
                "accepts": asked["asked"]["open"],
            }
            second = await boss.http.post("/api/v1/all-clear", json=again)
            assert second.status_code == 200
            assert "asked" not in second.json()
            words = w.watch.bodies(AllClear)
            assert [b.accepts for b in words] == [(), ("track/t1", "blind/12")]
            assert len({b.clear_id for b in words}) == 1

    run(go)


def test_every_act_reaches_the_watch_with_its_author_and_reason(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            boss = await w.enrolled(Role.WATCH_OFFICER, "boss")
            for path, body in (
                ("raise", {"tier": 3, "incident_id": "i1", "radius_m": 1000}),
                ("tracks/t1/friendly", {}),
                ("tracks/t1/identity", {"identity": "hostile"}),
                ("attacks/x1/confirm", {}),
                ("orders/x1/undo", {}),
                ("all-clear/reverse", {"clear_id": "c1"}),
            ):
                answer = await boss.http.post(f"/api/v1/{path}", json={"reason": "why", **body})
                assert answer.status_code == 200, (path, answer.text)
            by = {"by_person_id": "boss", "reason": "why"}
            [raised] = w.watch.bodies(AlertRaised)
            assert (raised.tier, raised.incident_id, raised.radius_m) == (Tier.DANGER, "i1", 1000.0)
            assert w.watch.bodies(MarkedFriendly) == [MarkedFriendly(track_id="t1", **by)]
            assert w.watch.bodies(TrackIdentified) == [
                TrackIdentified(track_id="t1", identity=Identity.HOSTILE, **by)
            ]
            assert w.watch.bodies(ReportConfirmed) == [ReportConfirmed(report_id="x1", **by)]
            assert w.watch.bodies(Undone) == [Undone(order_id="x1", **by)]
            assert w.watch.bodies(AllClearReversed) == [AllClearReversed(clear_id="c1", **by)]

    run(go)


def test_an_act_without_a_reason_or_of_a_wrong_tier_is_refused(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            boss = await w.enrolled(Role.WATCH_OFFICER, "boss")
            for path, body in (
                ("raise", {"tier": 3, "reason": ""}),
                ("raise", {"tier": 4, "reason": "x"}),
                ("tracks/t1/identity", {"identity": "enemy", "reason": "x"}),
            ):
                answer = await boss.http.post(f"/api/v1/{path}", json=body)
                assert answer.status_code == 400, path
                assert answer.json()["error"]["what"]

    run(go)


def test_what_the_core_refuses_is_answered_with_its_reason(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            w.watch.decides = refuses
            boss = await w.enrolled(Role.WATCH_OFFICER, "boss")
            answer = await boss.http.post("/api/v1/tracks/t1/friendly", json={"reason": "ours"})
            assert answer.status_code == 409
            assert answer.json()["error"]["what"] == "not there any more"
            assert w.gateway.replies == {}

    run(go)


def test_attack_here_comes_through_the_reports_door_and_is_taken_back_by_its_id(
    tmp_path: Path,
) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            phone = await w.enrolled()
            report = {"report_id": "r1", "t_ms": 1, "attack": True}
            place = {"lat_deg": 31.79, "lon_deg": -106.75, "sigma_m": 8.0}
            answer = await phone.http.post("/api/v1/sightings", json={**report, "position": place})
            assert answer.json()["received"] is True
            undo = {"report_id": "r2", "t_ms": 2, "attack": True, "refines": "r1"}
            await phone.http.post("/api/v1/sightings", json={**undo, "withdrawn": True})
            first, second = w.watch.bodies(AttackReported)
            assert (first.report_id, first.person_id, first.withdrawn) == ("r1", "p1", False)
            assert first.position is not None
            assert (second.report_id, second.withdrawn) == ("r1", True)

    run(go)


def test_how_a_post_is_watched_is_told_to_its_people_and_to_officers(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            agent = await w.enrolled(Role.AGENT, "p1")
            at_post = replace(w.gateway.view.people["p1"], post_id="12")
            boss = await w.enrolled(Role.WATCH_OFFICER, "boss")
            async with boss.page() as console:
                hello = await console.hear("hello")
                assert hello["cover"] == []
                w.watch.emit(COVER)
                told = await console.hear("cover")
                assert (told["target_id"], told["watched"], told["since_ms"]) == (
                    "post/12", "lost", 5000,
                )  # fmt: skip
                assert told["classes"][0]["kinds"] == ["radar"]
            async with boss.page() as console:
                assert len((await console.hear("hello"))["cover"]) == 1
            async with agent.page() as page:
                assert (await page.hear("hello"))["cover"] == []  # he is at no post
            w.watch.emit(at_post)
            async with agent.page() as page:
                [own] = (await page.hear("hello"))["cover"]
                assert own["target_id"] == "post/12"
                w.watch.emit(replace(COVER, watched=Watched.WATCHED))
                assert (await page.hear("cover"))["watched"] == "watched"

    run(go)


def test_an_alert_carries_its_identity_its_grounds_and_the_whole_text(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            phone = await w.enrolled()
            async with phone.page() as page:
                w.watch.warn(
                    alert(
                        "p1",
                        identity=Identity.SUSPECT,
                        grounds=Grounds(rule="attack", order_id="x1", reason="grenade"),
                    )
                )
                told = (await page.hear("alert"))["alert"]
                assert told["identity"] == "suspect"
                assert told["grounds"]["rule"] == "attack"
                assert told["text"].startswith("DEMO. ")
                assert "TAKE COVER" in told["text"]

    run(go)
