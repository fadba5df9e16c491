"""A whole vigia: a person who closed the page is warned by a push, and another agency by CAP."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from lxml import etree
from tools.live import Live, Person, free_port, live, wait_for

from push_double import Phone, PushDouble
from vigia.run.start import data_folder
from vigia.terms import Mark, Role
from vigia.wire.cap_sign import Trust, judge

SETTINGS = """
mode = "exercise"

[site]
name = "Test site"
lat_deg = 31.79
lon_deg = -106.75
alt_hae_m = 1200.0

[[posts]]
id = "12"
name = "Post 12"
lat_deg = 31.7912
lon_deg = -106.7549

[channels.phones]
kind = "push"
subject = "mailto:ops@agency.example"
services = ["{service}"]

[channels.agencies]
kind = "cap"
url = "{service}/cap-in"

[cap]
sender = "watch@agency.example"
time_zone = "America/Denver"
feed = true
"""


class Served:
    """The push service double on a thread of its own; it takes CAP too."""

    def __init__(self) -> None:
        self.double = PushDouble()
        self.loop = asyncio.new_event_loop()
        ready = threading.Event()

        async def serve() -> None:
            async with self.double:
                ready.set()
                self.stop = asyncio.Event()
                await self.stop.wait()

        self.thread = threading.Thread(target=lambda: self.loop.run_until_complete(serve()))
        self.thread.start()
        assert ready.wait(10)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.stop.set)
        self.thread.join(10)
        self.loop.close()


@pytest.fixture
def served() -> Iterator[Served]:
    made = Served()
    yield made
    made.close()


@pytest.fixture
def site(tmp_path: Path, served: Served) -> Iterator[Live]:
    settings = tmp_path / "site.toml"
    settings.write_text(SETTINGS.replace("{service}", served.double.base))
    args = ["watch", "--settings", str(settings), "--data", str(tmp_path / "data")]
    folder = data_folder(tmp_path / "data", Mark.EXERCISE)
    with live(args, folder, free_port()) as running:
        me = f"{running.url}/api/v1/me"  # 503 while the watch starts: kernels may be compiled first
        wait_for(lambda: httpx.get(me).status_code == 401, 180)
        yield running


@pytest.mark.timeout(300)
def test_a_raised_warning_reaches_a_closed_phone_and_another_agency(
    site: Live, served: Served
) -> None:
    officer = Person.enrolled(site, "Watch", Role.WATCH_OFFICER)
    agent = Person.enrolled(site, "Agent", Role.OFFICER, post_id="12")
    key = agent.http.get("/api/v1/push/key").json()["key"]
    assert len(key) == 87
    phone = Phone(served.double)
    body: dict[str, Any] = {
        "endpoint": phone.subscription.endpoint,
        "keys": {"p256dh": phone.subscription.keys.p256dh, "auth": phone.subscription.keys.auth},
    }
    for bad in ("https://evil.example/x", "http://127.0.0.1:1/x"):
        answer = agent.http.post("/api/v1/push/subscription", json=body | {"endpoint": bad})
        assert answer.status_code == 400
    assert agent.http.post("/api/v1/push/subscription", json=body).status_code == 200
    _asked_and_proved(officer, agent, phone)
    raised = officer.http.post(
        "/api/v1/raise", json={"reason": "test", "tier": 3, "target_ids": []}
    )
    assert raised.status_code == 200, raised.text
    first = wait_for(lambda: [g for g in phone.got if g.get("t") != "beat"], 20)[0]
    assert (first["action"], first["tier"], first["mark"]) == ("take_cover", 3, "exercise")
    told = {"alert_id": first["alert_id"], "revision": first["revision"], "kind": "delivered"}
    answer = agent.http.post(
        "/api/v1/acknowledgements", json=told | {"t_ms": int(time.time() * 1000)}
    )
    assert answer.status_code == 200, answer.text
    documents = wait_for(lambda: list(served.double.other), 20)
    chain = x509.load_pem_x509_certificates((site.folder / "keys" / "cap.crt").read_bytes())
    verdict = judge(documents[0], chain, t_ns=time.time_ns())
    assert verdict.trust is Trust.TRUSTED, verdict.why
    assert verdict.message is not None
    assert (verdict.message.status, verdict.message.scope) == ("Exercise", "Restricted")
    assert {i.language for i in verdict.message.infos} == {"en-US", "es-US"}
    feed = etree.fromstring(officer.http.get("/cap/feed.atom").content)
    assert feed.findall("{http://www.w3.org/2005/Atom}entry")
    order = raised.json()["raise_id"]
    assert officer.http.post(f"/api/v1/orders/{order}/undo", json={"reason": "x"}).is_success
    ended = wait_for(lambda: [g for g in phone.got if g.get("msg_type") == "cancel"], 20)
    assert ended[0]["alert_id"] == first["alert_id"]
    assert served.double.bad == []


def _asked_and_proved(officer: Person, agent: Person, phone: Phone) -> None:
    """The site asks the closed phone by push; its answer turns the reach board's row."""
    assert _push_row(officer, agent)["state"] != "proved", "a subscription proves nothing"
    beat = wait_for(lambda: [g for g in phone.got if g.get("t") == "beat"], 30)[0]
    said = {"t_s": beat["t_s"], "mac": beat["mac"]}
    forged = agent.http.post("/api/v1/push/heartbeat", json=said | {"t_s": beat["t_s"] + 1})
    assert forged.status_code == 409
    stolen = officer.http.post("/api/v1/push/heartbeat", json=said)
    assert stolen.status_code == 409, "another device's question proves nothing of this one"
    assert _push_row(officer, agent)["state"] != "proved"
    assert agent.http.post("/api/v1/push/heartbeat", json=said).status_code == 200
    row = _push_row(officer, agent)
    assert row["state"] == "proved", row
    assert abs(row["last_ms"] - time.time() * 1000) < 60_000


def _push_row(officer: Person, agent: Person) -> dict[str, Any]:
    """Once the core knows of the address and the courier has said that its channel works."""

    def look() -> dict[str, Any] | None:
        people = officer.http.get("/api/v1/reach").json()["people"]
        (mine,) = [p for p in people if p["name"] == "Agent"]
        rows = [c for c in mine["channels"] if c["channel"] == "push"]
        return rows[0] if rows and rows[0]["state"] != "broken" else None

    found = wait_for(look, 20)
    assert found is not None
    return found
