"""Service keys, signed reports, looks at personal data, forgetting, and logs without secrets."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tools.live import Person, live

from gateway_world import Phone, alert, run, until, world
from test_flow import T0, S, Shell
from vigia.events import (
    Acknowledged,
    Event,
    OperatorSeen,
    PersonMoved,
    SensorHeard,
    SensorSite,
    SettingsApplied,
    Sighting,
)
from vigia.events_access import PersonalRead, PowerUsed
from vigia.ledger.remember import entries
from vigia.run.invitations import invite
from vigia.run.journal import Journal
from vigia.run.keys import ShiftKeys, shift_of
from vigia.run.service_keys import ServiceKeys
from vigia.run.sessions import to_base64url
from vigia.run.settings_cap import Cap
from vigia.run.signed import ack_words
from vigia.terms import Mark, Position, Role

DAY_S = 86_400


def bearer(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


def test_a_service_key_speaks_for_its_sensors_and_opens_nothing_else(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            admin = await w.enrolled(Role.ADMIN, "root")
            settings = w.gateway.view.settings
            assert settings is not None
            sites = (SensorSite(sensor_id="north", kind="radar"),)
            w.gateway.view.settings = type(settings)(
                mode=settings.mode, origin=settings.origin, sensors=sites
            )
            body = {"name": "radar feed", "sensors": ["north"], "days": 30}
            made = (await admin.http.post("/api/v1/keys", json=body)).json()
            secret, key_id = made["secret"], made["key"]["key_id"]
            http = w.phone().http
            beat = await http.post("/api/v1/sensors/north/heartbeat", headers=bearer(secret))
            assert beat.status_code == 200, beat.text
            await until(lambda: len(w.watch.bodies(SensorHeard)) == 1)
            other = await http.post("/api/v1/sensors/south/heartbeat", headers=bearer(secret))
            assert other.status_code == 403
            for door in ("GET /me", "GET /sightings", "POST /sightings", "GET /keys"):
                method, _, path = door.partition(" ")
                path = f"/api/v1{path}"
                answer = await http.request(method, path, headers=bearer(secret))
                assert answer.status_code == 403, path
            wrong = f"{secret[:-1]}{'A' if secret[-1] != 'A' else 'B'}"
            for text in (wrong, "vgk_x_y", "x", secret.replace("vgk", "abc")):
                answer = await http.post("/api/v1/sensors/north/heartbeat", headers=bearer(text))
                assert answer.status_code == 401, text
            shown = (await admin.http.get("/api/v1/keys")).text
            assert secret.split("_", 2)[2] not in shown
            assert '"used_ms":1' in shown
            assert await admin.http.post(f"/api/v1/keys/{key_id}/revoke", json={"reason": "old"})
            answer = await http.post("/api/v1/sensors/north/heartbeat", headers=bearer(secret))
            assert answer.status_code == 401
            assert [b.act for b in w.watch.bodies(PowerUsed)] == ["key.make", "key.revoke"]

    run(go)


def test_a_service_key_may_read_the_cap_feed_when_it_says_so(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            admin = await w.enrolled(Role.ADMIN, "root")
            w.gateway.cap = Cap(sender="vigia@example.org", feed=True)
            http, found = w.phone().http, dict[tuple[str, ...], tuple[int, int]]()
            for reads in ((), ("cap",)):
                body = {"name": "neighbour", "reads": reads}
                made = (await admin.http.post("/api/v1/keys", json=body)).json()
                head = bearer(made["secret"])
                feed = await http.get("/cap/feed.atom", headers=head)
                other = await http.get("/api/v1/sightings", headers=head)
                found[reads] = (feed.status_code, other.status_code)
            assert found == {(): (403, 403), ("cap",): (200, 403)}
            answer = await admin.http.post("/api/v1/keys", json={"name": "x", "reads": ["all"]})
            assert answer.status_code == 400

    run(go)


def test_who_looks_at_people_is_on_record_once_in_ten_minutes_and_waits_for_nothing(
    tmp_path: Path,
) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            boss = await w.enrolled(Role.WATCH_OFFICER, "boss")
            agent = await w.enrolled(Role.OFFICER, "p1")
            for _ in range(3):
                assert (await boss.http.get("/api/v1/alerts")).status_code == 200
            assert (await boss.http.get("/api/v1/casualties")).status_code == 200
            assert (await agent.http.get("/api/v1/casualties")).status_code == 200
            async with boss.page() as page:
                await page.hear("hello")
            await until(lambda: len(w.watch.bodies(PersonalRead)) == 3)
            reads = [(r.by_person_id, r.what) for r in w.watch.bodies(PersonalRead)]
            assert reads == [("boss", "alerts"), ("boss", "casualties"), ("boss", "picture")]
            w.watch.commits = False  # a dead disk keeps no officer from his alerts
            assert (await boss.http.get("/api/v1/sightings")).status_code == 200

    run(go)


def test_a_service_key_ends_and_its_secret_is_not_stored(tmp_path: Path) -> None:
    keys = ServiceKeys(tmp_path)
    made = keys.make("x", sensors=("north",), agency_id="site", days=1, now_s=1_000)
    assert made is not None
    _, secret = made
    assert keys.find(secret, now_s=1_000 + DAY_S - 1) is not None
    assert keys.find(secret, now_s=1_000 + DAY_S) is None
    assert [k.name for k in keys.untold()] == ["x"]
    assert keys.untold() == []
    for path in tmp_path.iterdir():
        assert secret.split("_", 2)[2].encode() not in path.read_bytes()


# ---- what a phone signs ------------------------------------------------------------------------


async def signed(phone: Phone, body: str, path: str = "/api/v1/sightings") -> int:
    headers = {"x-vigia-signature": phone.sign(f"vigia-signed:{path}\n{body}")}
    return (await phone.http.post(path, content=body, headers=headers)).status_code


def test_a_stolen_cookie_alone_cannot_report_or_answer(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            phone = await w.enrolled()
            old = '{"report_id":"r0","t_ms":1}'  # a page from before signing
            assert (await phone.http.post("/api/v1/sightings", content=old)).status_code == 200
            assert await signed(phone, '{"report_id":"r1","t_ms":1}') == 200
            thief = w.phone()
            thief.http.cookies = phone.http.cookies
            assert (await thief.http.post("/api/v1/sightings", content=old)).status_code == 403
            assert await signed(thief, '{"report_id":"r2","t_ms":1}') == 403
            w.watch.warn(alert("p1"))
            await until(lambda: "a-p1" in w.gateway.view.alerts)
            safe = '{"alert_id":"a-p1","revision":1,"kind":"safe","t_ms":1}'
            path = "/api/v1/acknowledgements"
            assert (await thief.http.post(path, content=safe)).status_code == 403
            async with thief.page() as page:
                await page.hear("hello")
                ack: dict[str, Any] = {"t": "ack", "alert_id": "a-p1", "revision": 1, "t_ms": 1}
                await page.say(**ack, kind="safe")
                assert "not signed" in (await page.hear("refused"))["error"]["what"]
                await page.say(**ack, kind="safe", sig=to_base64url(bytes(64)))
                await page.hear("refused")
            doors = {
                "/api/v1/casualties/c1": '{"word_id":"w","t_ms":1}',
                "/api/v1/first-aid/check": '{"t_ms":1,"kit_ok":true}',
                "/api/v1/bulletins/b1/read": '{"edition":1,"t_ms":1}',
            }
            for door, body in doors.items():
                assert (await thief.http.post(door, content=body)).status_code == 403, door
                assert await signed(thief, body, door) == 403, door
                assert await signed(phone, body, door) != 403, door
            assert w.watch.bodies(Acknowledged) == []
            assert await signed(phone, safe, path) == 200
            async with phone.page() as page:
                await page.hear("hello")
                await page.say(**ack, kind="delivered")
                await page.hear("acked")
                await page.say(**ack, kind="seen", sig=phone.sign(ack_words("a-p1", 1, "seen")))
                await page.hear("acked")
            assert [b.report_id for b in w.watch.bodies(Sighting)] == ["r0", "r1"]
            w.gateway.signers.save()
        async with world(tmp_path) as again:  # it is remembered
            assert phone.device_id in again.gateway.signers

    run(go)


# ---- personal data -----------------------------------------------------------------------------


def test_each_look_at_operators_is_on_record_with_its_reason(tmp_path: Path) -> None:
    keys = ShiftKeys(tmp_path / "keys")
    journal = Journal.open(
        tmp_path, mode=Mark.DEMO, keys=keys, on_committed=lambda _: None, on_trouble=lambda _: None
    )
    now = time.time_ns()
    where = Position(31.7912, -106.7512)
    seen = OperatorSeen(sensor_id="rid", uas_id="1581F", t_obs_ns=now, position=where)
    journal.append(Event(1, now, "rid", Mark.DEMO, seen), [])
    other = OperatorSeen(sensor_id="rid", uas_id="1581G", t_obs_ns=now, position=where)
    journal.append(Event(2, now, "rid", Mark.DEMO, other), [])
    journal.close(10)
    keys.close()

    async def go() -> None:
        async with world(tmp_path) as w:
            analyst = await w.enrolled(Role.ANALYST, "anna")
            look = "/api/v1/operators"
            assert (await analyst.http.post(look, json={"hours": 1})).status_code == 400
            body = {"reason": "case 12", "uas_id": "1581F"}
            shown = (await analyst.http.post(look, json=body)).json()["operators"]
            assert [(o["uas_id"], o["lat_deg"]) for o in shown] == [("1581F", 31.7912)]
            [read] = w.watch.bodies(PersonalRead)
            assert (read.what, read.about, read.reason, read.count) == (
                "operators", "1581F", "case 12", 1,
            )  # fmt: skip
            w.watch.commits = False  # not on record: not shown
            assert (await analyst.http.post(look, json=body)).status_code == 503

    run(go)


def test_operators_positions_have_days_of_their_own(tmp_path: Path) -> None:
    keys = ShiftKeys(tmp_path)
    for subject, shift in (("ana", 10), ("operators", 10), ("operators", 40), ("ana", 99)):
        keys.seal(b"x", subject=subject, shift=shift, seq=1, aad=b"")
    keys.commit()
    assert keys.expire(90, own={"operators": 30}) == 2
    assert len(keys.ids_of("operators")) == 1
    assert len(keys.ids_of("ana")) == 1
    assert keys.expire(99, own={"operators": 41}) == 1
    keys.close()
    assert shift_of(30 * DAY_S * S) == 90


def test_an_officers_position_is_forgotten_after_ten_minutes() -> None:
    shell = Shell()
    shell.people()
    moved = PersonMoved(person_id="a", t_obs_ns=T0 + 5 * S, position=Position(31.8, -106.7))
    shell.at(5, moved)
    later = PersonMoved(person_id="a", t_obs_ns=T0 + 9 * S, position=Position(31.9, -106.7))
    shell.at(9, later)
    assert shell.watch.roster.spots["a"].position.lat_deg == 31.9  # the last point only
    shell.at(9 + 602, SensorHeard(sensor_id="rid", t_obs_ns=T0))
    assert shell.watch.roster.spots == {}
    assert entries(Event(1, T0, "x", Mark.ACTUAL, moved)) == []  # never in the ledger
    assert isinstance(shell.inputs[0].body, SettingsApplied)


# ---- logs --------------------------------------------------------------------------------------


def test_no_secret_reaches_a_log(tmp_path: Path) -> None:
    """A live run with links, keys, cookies, right and wrong passwords: its log names none."""
    folder = tmp_path / "data"
    words = "copper ladder mostly eleven"
    settings = tmp_path / "site.toml"
    settings.write_text(
        "[site]\nlat_deg = 31.79\nlon_deg = -106.75\n[sensors.north]\nadapter = 'remote_id'\n"
    )
    args = ["watch", "--settings", str(settings), "--data", str(folder)]
    with live(args, folder) as running:
        officer = Person.enrolled(running, "Ana Ruiz", Role.WATCH_OFFICER)
        officer.socket().wait("hello")
        token = invite(folder, name="Dana", role=Role.ANALYST).token
        body = {"token": token, "login": "dana", "password": words}
        claimed = Person(running).http.post("/api/v1/sign-in/claim", json=body)
        assert claimed.status_code == 200, claimed.text
        codes = claimed.json()["codes"]
        wrong = {"login": "dana", "password": "wrong horse battery"}
        http = Person(running).http
        assert http.post("/api/v1/sign-in/password", json=wrong).status_code == 401
        keys = [sys.executable, "-m", "vigia", "keys", "--help"]
        assert subprocess.run(keys, capture_output=True, check=True).returncode == 0
        command = [*keys[:-1], "add", "--name", "feed", "--sensor", "north", "--data", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        secret = done.stdout.splitlines()[0]
        beat = http.post("/api/v1/sensors/north/heartbeat", headers=bearer(secret))
        assert beat.status_code == 200, beat.text
        http.get(f"/api/v1/me?token={token}")
        http.post("/api/v1/sightings", content=b'{"password":"' + words.encode() + b'"}')
        cookie = officer.cookie().partition("=")[2]
        session_key = (folder / "keys" / "session.key").read_bytes()
        time.sleep(1.2)  # faults are told once a second
    log = folder.with_name("data.log").read_bytes()
    for name, value in (
        ("token", token), ("password", words), ("wrong password", wrong["password"]),
        ("recovery code", codes[0]), ("cookie", cookie), ("service key", secret),
    ):  # fmt: skip
        assert value.encode() not in log, name
    assert session_key not in log


def test_the_operators_mistakes_with_keys_are_one_line(tmp_path: Path) -> None:
    for more, word in (
        (["list", "--data", str(tmp_path)], ""),
        (["add", "--name", "x", "--sensor", "n", "--data", str(tmp_path)], "never been started"),
        (["revoke", "nope", "--data", str(tmp_path)], "`vigia keys list` shows"),
    ):
        command = [sys.executable, "-m", "vigia", "keys", *more]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert word in done.stderr
        assert "Traceback" not in done.stderr
        assert (done.returncode == 0) == (not word), pytest.fail
