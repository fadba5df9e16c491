"""CAP over HTTP and on the command line: what comes is judged and kept, what went is listed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from typer.testing import CliRunner

from cap_world import NOW_NS, a_certificate, a_key, a_message
from gateway_world import run, world
from test_cap_render import EARLIER, cap_of, post_alert
from vigia.cli import app
from vigia.events_desk import RecordKept, RecordKind
from vigia.records.cap_received import CapReceived
from vigia.records.common import read
from vigia.run.cap_check import cap_fault, load_anchors, offset_min
from vigia.run.cap_feed import render_feed
from vigia.run.cap_keys import cap_identity
from vigia.run.cap_store import KEPT_MAX, CapStore
from vigia.run.settings import SettingsError
from vigia.run.settings_cap import Cap
from vigia.terms import Role
from vigia.wire.cap import Reference, to_bytes, to_xml
from vigia.wire.cap_sign import Trust, judge, sign

KEY = a_key()
OURS = a_certificate(KEY, "Agency B", days=3_650)
SIGNED = sign(to_xml(a_message()), KEY, [OURS])


def pem(folder: Path) -> str:
    path = folder / "agency-b.pem"
    path.write_bytes(OURS.public_bytes(Encoding.PEM))
    return str(path)


def test_a_received_message_is_judged_kept_with_its_verdict_and_listed(tmp_path: Path) -> None:
    async def work() -> None:
        async with world(tmp_path) as w:
            w.gateway.cap = Cap(trust=(pem(tmp_path),))
            w.watch.decides = lambda body: [body] if isinstance(body, RecordKept) else []
            officer = await w.enrolled(Role.WATCH_OFFICER)
            while not w.gateway.records.ready:  # noqa: ASYNC110 - the past is read by a thread
                await asyncio.sleep(0.01)
            bodies = {
                "trusted": SIGNED,
                "bad_signature": SIGNED.replace(b">Immediate<", b">Past<"),
                "unsigned": to_bytes(to_xml(a_message())),
                "refused": b"<!DOCTYPE a><a/>",
            }
            for trust, body in bodies.items():
                answer = await officer.http.post("/api/v1/cap", content=body)
                assert answer.status_code == 200, answer.text
                assert answer.json()["trust"] == trust
            again = await officer.http.post("/api/v1/cap", content=SIGNED)
            assert again.json()["repeat"] is True
            kept = w.watch.bodies(RecordKept)
            assert len(kept) == 4
            first = read(kept[0].content, CapReceived)
            assert (first.raw, first.headline, first.status) == (SIGNED, "DANGER", "Exercise")
            assert judge(first.raw, [OURS], t_ns=NOW_NS).trust is Trust.TRUSTED
            assert {k.kind for k in kept} == {RecordKind.CAP}
            rows = (await officer.http.get("/api/v1/cap")).json()["messages"]
            assert [r["trust"] for r in rows] == list(bodies)[::-1]
            assert "raw" not in rows[0]
            assert not any("Alert" in type(m.body).__name__ for m in w.watch.got)

    run(work)


def test_the_feed_lists_what_was_sent_and_is_off_until_told(tmp_path: Path) -> None:
    async def work() -> None:
        async with world(tmp_path) as w:
            person = await w.enrolled()
            assert (await person.http.get("/cap/feed.atom")).status_code == 404
            w.gateway.cap = Cap(sender="watch@agency.example", feed=True)
            message = cap_of(post_alert())
            CapStore(tmp_path).put(message.identifier, sign(to_xml(message), KEY, [OURS]))
            answer = await person.http.get("/cap/feed.atom")
            assert answer.headers["content-type"] == "application/atom+xml"
            links = etree.fromstring(answer.content).findall(
                ".//{http://www.w3.org/2005/Atom}entry/{http://www.w3.org/2005/Atom}link"
            )
            path = links[0].get("href", "").removeprefix(w.gateway.base_url)
            document = await person.http.get(path)
            assert judge(document.content, [OURS], t_ns=NOW_NS).trust is Trust.TRUSTED
            for name in ("vigia.x.1.xml", "..%2f..%2fkeys%2fcap.key", "session.key"):
                assert (await person.http.get(f"/cap/{name}")).status_code == 404
            stranger = w.phone()
            assert (await stranger.http.get("/cap/feed.atom")).status_code == 401

    run(work)


def test_the_store_knows_what_went_before_and_forgets_what_is_old(tmp_path: Path) -> None:
    store = CapStore(tmp_path)
    references: list[Reference] = []
    for revision in (1, 2, 10):
        message = cap_of(post_alert(revision=revision, alert_id="abc"), EARLIER)
        first = store.put(message.identifier, to_bytes(to_xml(message)))
        assert store.put(message.identifier, b"another") == first  # what was sent stays
        references.append(message.reference())
    assert store.earlier("abc", 10) == references[:2]
    assert store.earlier("abc", 11) == references
    assert store.earlier("../abc", 11) == []
    assert store.get("../../etc/passwd") is None
    assert [m.identifier for m in store.newest()]
    store.tidy(4e9)
    assert store.newest() == []
    assert KEPT_MAX >= 100


def test_an_empty_feed_is_a_feed() -> None:
    root = etree.fromstring(render_feed([], name="x", base_url="https://x", t_ns=NOW_NS))
    assert root.findtext("{http://www.w3.org/2005/Atom}updated") == "2026-11-27T18:00:00+00:00"


def test_our_key_and_certificate_are_made_once_and_others_can_pin_it(tmp_path: Path) -> None:
    key, chain = cap_identity(tmp_path, "watch@agency.example")
    again, same = cap_identity(tmp_path, "another")
    assert chain == same
    assert key.private_numbers() == again.private_numbers()
    assert (tmp_path / "cap.key").stat().st_mode & 0o077 == 0
    data = sign(to_xml(a_message()), key, chain)
    now_ns = int(chain[0].not_valid_before_utc.timestamp() + 90_000) * 1_000_000_000
    assert judge(data, chain, t_ns=now_ns).trust is Trust.TRUSTED
    (tmp_path / "cap.crt").write_bytes(OURS.public_bytes(Encoding.PEM))
    with pytest.raises(SettingsError, match="another key"):
        cap_identity(tmp_path, "x")


def test_the_command_line_says_whose_it_is_and_fails_unless_it_is_trusted(tmp_path: Path) -> None:
    file = tmp_path / "message.xml"
    file.write_bytes(SIGNED)
    runner = CliRunner()
    good = runner.invoke(app, ["cap", "verify", str(file), "--trust", pem(tmp_path), "--as-sent"])
    assert good.exit_code == 0, good.output
    assert good.output.startswith("trusted\n")
    assert "CN=Agency B" in good.output
    bad = runner.invoke(app, ["cap", "verify", str(file)])
    assert (bad.exit_code, bad.output.split(":")[0]) == (1, "unknown_signer")
    assert runner.invoke(app, ["cap", "verify", str(tmp_path / "none")]).exit_code == 2
    shown = runner.invoke(app, ["cap", "certificate", "--data", str(tmp_path)])
    assert shown.exit_code == 0
    assert "BEGIN CERTIFICATE" in shown.output


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({}, None),
        ({"feed": True}, "sender"),
        ({"sender": "two words"}, "sender"),
        ({"scope": "Private"}, "scope"),
        ({"time_zone": "Mars"}, "time_zone"),
        ({"restriction": "x" * 501}, "restriction"),
    ],
)
def test_settings_that_cannot_be_are_said(changes: dict[str, object], wrong: str | None) -> None:
    fault = cap_fault(Cap(**changes), sends=False)  # type: ignore[arg-type]
    assert (fault is None) == (wrong is None)
    assert wrong is None or wrong in (fault or "")


def test_local_time_follows_the_zone_and_its_summer() -> None:
    denver = Cap(time_zone="America/Denver")
    assert offset_min(denver, NOW_NS) == -420
    assert offset_min(denver, NOW_NS - 180 * 86_400_000_000_000) == -360
    with pytest.raises(ValueError, match="no certificate"):
        load_anchors([Path("/none.pem")])
