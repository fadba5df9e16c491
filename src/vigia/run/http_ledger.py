"""The ledger and the alerts' times -> answers for those who may read them.

Files are read on a thread of their own: nothing on the event loop waits for a disk.
"""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING, TypeVar

import msgspec

from vigia.run.asgi import Answer, HttpError, json
from vigia.run.ledger_feed import read_alert_times
from vigia.run.ledger_store import DAMAGE, ROWS_MAX, LedgerError, LedgerReader

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vigia.ledger.times import AlertTimes
    from vigia.run.asgi import Request
    from vigia.run.gateway import Gateway
    from vigia.run.http_doors import Caller

HOURS_MAX = 24 * 31
ALERTS_MAX = 2_000  # in one answer, the newest
INDEX_MAX = 1 << 53
_T = TypeVar("_T")
PLAIN = b"text/plain; charset=utf-8"


async def checkpoint(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """The newest signed checkpoint, as a C2SP note; what a witness keeps."""
    note = await _read(gateway.folder, LedgerReader.last_checkpoint)
    if note is None:
        raise _nothing_yet()
    return Answer(200, note, PLAIN)


async def entries(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """Entries from..to (to not included), at most ROWS_MAX, as they were hashed."""
    begin = request.number("from", 0, low=0, high=INDEX_MAX)
    end = request.number("to", begin + ROWS_MAX, low=0, high=INDEX_MAX)
    if not gateway.eyes.sees_record(caller.viewer):
        raise HttpError(
            403,
            "agency",
            got=caller.person.agency_id,
            expected="an agency that may see the incidents of all others",
            fix="agree on it in [sharing] of the settings",
        )
    found = await _read(gateway.folder, lambda reader: reader.entries(begin, end))
    # Raw: the bytes of the leaf itself, so that whoever asks can hash them.
    parts = [{"index": index, "entry": msgspec.Raw(entry)} for index, entry in found]
    return json({"entries": parts})


async def alerts(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """Each alert and person of the last hours with T0 to T4, newest first."""
    hours = request.number("hours", 24, low=1, high=HOURS_MAX)
    since_ns = (gateway.now_ms() - hours * 3_600_000) * 1_000_000
    try:
        found = await asyncio.to_thread(read_alert_times, gateway.folder, since_ns=since_ns)
    except (sqlite3.Error, OSError, ValueError) as e:
        raise HttpError(503, f"the journal cannot be read: {e}", fix="try again") from e
    names = {p.person_id: p.name for p in gateway.view.people.values()}
    rows = (gateway.eyes.record(caller.viewer, alert_json(t, names)) for t in found[:ALERTS_MAX])
    shown = [row for row in rows if row is not None]
    return json({"alerts": shown, "left_out": max(0, len(found) - ALERTS_MAX)})


async def _read(folder: Path, ask: Callable[[LedgerReader], _T]) -> _T:
    def read() -> _T:
        reader = LedgerReader(folder)
        try:
            return ask(reader)
        finally:
            reader.close()

    try:
        return await asyncio.to_thread(read)
    except LedgerError as e:
        raise _nothing_yet() from e
    except DAMAGE as e:
        raise HttpError(503, f"the ledger cannot be read: {e}", fix="try again") from e


def _nothing_yet() -> HttpError:
    return HttpError(
        404, "ledger", got="no entry", expected="a ledger with entries", fix="try again in a moment"
    )


def alert_json(times: AlertTimes, names: dict[str, str]) -> dict[str, object]:
    return {
        "alert_id": times.alert_id,
        "person_id": times.person,
        "person_name": None if times.person is None else names.get(times.person),
        "target_id": times.target,
        "incident_id": times.incident_id,
        "mark": times.mark,
        "tier": times.tier_max,
        "end_reason": times.ended,
        "cause_ms": _ms(times.t0_ns),
        "decided_ms": _ms(times.t1_ns),
        "handed_ms": _ms(times.t2_ns),
        "shown_ms": _ms(times.t3_ns),
        "answered_ms": _ms(times.t4_ns),
        "revisions": [
            {
                "revision": r.revision,
                "msg_type": r.what,
                "tier": r.tier,
                "cause_ms": _ms(r.cause_ns),
                "decided_ms": _ms(r.decided_ns),
                "handed_ms": _ms(r.handed_ns),
                "delivered_ms": _ms(r.delivered_ns),
                "seen_ms": _ms(r.seen_ns),
                "safe_ms": _ms(r.safe_ns),
            }
            for r in times.revisions
        ],
    }


def _ms(t_ns: int | None) -> int | None:
    return None if t_ns is None else t_ns // 1_000_000
