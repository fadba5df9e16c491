"""What the console and an auditor read over HTTP."""

from __future__ import annotations

import asyncio
import json
from hashlib import sha256
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from ledger_world import T_NS, night, write
from vigia.events import PersonAdded
from vigia.ledger.checkpoint import open_checkpoint
from vigia.run import http_ledger
from vigia.run.asgi import HttpError, Request
from vigia.run.http_api import PRIVATE
from vigia.run.http_doors import Caller
from vigia.run.ledger_keys import log_signer
from vigia.run.ledger_store import FILE
from vigia.run.roles import ANALYSTS, READERS, ROUTES
from vigia.run.settings_access import Access
from vigia.run.sharing import Eyes
from vigia.terms import Role

if TYPE_CHECKING:
    from pathlib import Path

    from vigia.run.view import View

ANNA = PersonAdded(person_id="anna", name="Anna", agency_id="x", role=Role.ANALYST)
CALLER = Caller("device", ANNA)


def gateway(folder: Path) -> Any:
    """The four things of a gateway that these handlers look at."""
    alba = PersonAdded(person_id="alba", name="Alba Ruiz", agency_id="x", role=Role.AGENT)
    view = SimpleNamespace(people={"alba": alba})
    eyes = Eyes(cast("View", view), Access())
    return SimpleNamespace(
        folder=folder, view=view, eyes=eyes, now_ms=lambda: T_NS // 10**6 + 60_000
    )


def get(folder: Path, handler: str, **query: str) -> bytes:
    request = Request(
        method="GET", path="/", query=query, headers={}, client="127.0.0.1", secure=False
    )
    return asyncio.run(PRIVATE[handler](gateway(folder), request, CALLER)).body


def test_an_auditor_gets_the_checkpoint_and_entries_that_hash_to_it(tmp_path: Path) -> None:
    write(tmp_path, night(), step=4)
    note = get(tmp_path, "ledger_checkpoint")
    checkpoint, _ = open_checkpoint(note, log_signer(tmp_path / "keys").verifier)
    got = json.loads(get(tmp_path, "ledger_entries"))["entries"]
    assert [e["index"] for e in got] == list(range(checkpoint.size))
    # by hand, from the text of the answer: canonical JSON, 0x00 before it, pairs, 0x01 before them
    level = [
        sha256(
            b"\x00"
            + json.dumps(
                e["entry"], sort_keys=True, separators=(",", ":"), ensure_ascii=False
            ).encode()
        ).digest()
        for e in got
    ]
    while len(level) > 1:
        odd = level[-1:] if len(level) % 2 else []
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [sha256(b"\x01" + a + b).digest() for a, b in pairs] + odd
    assert level[0] == checkpoint.root


def test_entries_come_in_pages(tmp_path: Path) -> None:
    write(tmp_path, night())
    got = json.loads(get(tmp_path, "ledger_entries", **{"from": "5", "to": "8"}))["entries"]
    assert [e["index"] for e in got] == [5, 6, 7]
    assert json.loads(get(tmp_path, "ledger_entries", **{"from": "900"}))["entries"] == []
    with pytest.raises(HttpError, match="query from"):
        get(tmp_path, "ledger_entries", **{"from": "-1"})


def test_without_a_ledger_the_answer_says_so(tmp_path: Path) -> None:
    for handler in ("ledger_checkpoint", "ledger_entries"):
        with pytest.raises(HttpError) as refused:
            get(tmp_path, handler)
        assert refused.value.status == 404
    assert json.loads(get(tmp_path, "alerts")) == {"alerts": [], "left_out": 0}


def test_a_damaged_ledger_is_a_refusal_and_not_a_crash(tmp_path: Path) -> None:
    write(tmp_path, night())
    data = bytearray((tmp_path / FILE).read_bytes())
    data[100:] = bytes(len(data) - 100)
    (tmp_path / FILE).write_bytes(bytes(data))
    with pytest.raises(HttpError) as refused:
        get(tmp_path, "ledger_entries")
    assert refused.value.status in (404, 503)


def test_an_alert_as_the_console_reads_it_has_its_five_moments() -> None:
    from vigia.ledger.times import alert_times

    events = [e for e in night().events() if hasattr(e, "body")]
    times = next(t for t in alert_times(events) if t.person == "alba")
    shown = http_ledger.alert_json(times, {"alba": "Alba Ruiz"})
    t0_ms = T_NS // 10**6
    assert shown["person_name"] == "Alba Ruiz"
    assert [
        shown[k] for k in ("cause_ms", "decided_ms", "handed_ms", "shown_ms", "answered_ms")
    ] == [
        t0_ms,
        t0_ms + 20,
        t0_ms + 30,
        t0_ms + 200,
        t0_ms + 3_000,
    ]


def test_only_readers_see_alerts_and_only_analysts_the_ledger() -> None:
    need = {r.handler: r.need for r in ROUTES}
    assert need["alerts"] == READERS
    assert need["ledger_checkpoint"] == need["ledger_entries"] == ANALYSTS
