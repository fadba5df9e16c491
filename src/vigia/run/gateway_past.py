"""What was before this gateway began: read from the journal once, put beside what comes live."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING

from vigia.run import page_json as out
from vigia.run.handing import reached_times
from vigia.run.ledger_feed import read_alert_times
from vigia.run.recall import read_reports
from vigia.run.records.book import read_records

if TYPE_CHECKING:
    from vigia.run.gateway import Gateway

AGAIN_S = 3.0  # longer than any commit takes
RECALL_NS = 6 * 3600 * 1_000_000_000  # how far back answers to open alerts are looked for


async def recall_reports(gateway: Gateway) -> None:
    """Reports from before this process began, once; a live one that came first stays."""
    since_ns = gateway.clock.now_ns() - RECALL_NS
    try:
        found = await asyncio.to_thread(read_reports, gateway.folder, since_ns=since_ns)
    except (sqlite3.Error, OSError, ValueError) as e:
        gateway.fault("journal", f"past reports cannot be read: {type(e).__name__}")
        return
    for event in found:
        gateway.view.recall_report(event)
        gateway.words.take(event.body)


async def recall_records(gateway: Gateway) -> None:
    """With every link: what a watch kept while no gateway listened is in the journal only.

    Twice: what it told just before the link came up may have reached the disk after the first look.
    """
    for wait_s in (0.0, AGAIN_S):
        await asyncio.sleep(wait_s)
        try:
            past = await asyncio.to_thread(lambda: list(read_records(gateway.folder)))
        except (sqlite3.Error, OSError, ValueError) as e:
            gateway.fault("journal", f"records cannot be read: {type(e).__name__}")
            return
        gateway.records.recall(past)


async def recall_reached(gateway: Gateway) -> None:
    """Answers that came before this process began are in the journal; consoles show them."""
    since_ns = gateway.clock.now_ns() - RECALL_NS
    try:
        found = await asyncio.to_thread(read_alert_times, gateway.folder, since_ns=since_ns)
    except (sqlite3.Error, OSError, ValueError) as e:
        gateway.fault("journal", f"past answers cannot be read: {type(e).__name__}")
        return
    finally:
        gateway.knows_past = True
    for times in reversed(found):  # newest first as read; the newest are kept
        gateway.view.recall_owner(times.alert_id, times.person)
        alert = gateway.view.alerts.get(times.alert_id)
        if alert is not None and alert.person_id == times.person:
            gateway.view.recall_reached(times.alert_id, reached_times(times))
            gateway.showing.to_consoles(out.AlertOut(gateway.view.alert(alert)))
