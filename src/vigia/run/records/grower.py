"""Candidate incidents that make themselves: of warnings that are over, and of a HIT without one.

The machine keeps version 1, and a further one when answers or casualties came later, until a person
has kept one: then it is that person's. It decides nothing: verify, reject and merge are people's.
"""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from vigia.events import Alert, Reached
from vigia.events_desk import RecordKept, RecordKind
from vigia.records.common import canonical
from vigia.records.growing import HIT, HURT_AFTER_MS, grown, grown_from_hit
from vigia.records.incident import Incident, Status
from vigia.run.link import Emit, ToGateway
from vigia.run.records.episode import agencies_of, part_of, read_episode, record_id_of
from vigia.run.records.first_aid import reports
from vigia.terms import MsgType

if TYPE_CHECKING:
    from vigia.run.gateway import Gateway

SOURCE = "gateway"
LOOK_S = 5.0
SETTLE_S = 8.0  # after the last end: answers that are on their way
AGAIN_S = 60.0  # between two readings of one episode
ALONE_S = 60.0  # so long a HIT waits for a warning that it belongs to
BACK_NS = 24 * 3600 * 1_000_000_000  # what ended while nobody looked
EPISODES_MAX = 1_000  # watched at once; the oldest are left to a person's press
TRIES_MAX = 3  # of one that cannot be read or kept


class _Episode(msgspec.Struct):
    open: set[str]  # alerts that have not ended
    begins_ms: int
    ends_ms: int = 0
    ids: set[str] = msgspec.field(default_factory=set[str])
    grown_ms: int = 0  # when it was last read
    tries: int = 0
    dirty: bool = True


class Grower:
    """One for the gateway. told() hears what the watch says; run() until cancelled."""

    def __init__(self, gateway: Gateway, *, settle_s: float = SETTLE_S) -> None:
        self._gateway = gateway
        self._settle_ms = round(settle_s * 1_000)
        self._episodes: dict[str, _Episode] = {}
        self._hits: dict[str, int] = {}  # casualties without an episode -> when they came [ms]
        heard = gateway.link.on_message

        def both(message: ToGateway) -> None:
            heard(message)
            self.told(message)

        gateway.link.on_message = both

    def told(self, message: ToGateway) -> None:
        match message:
            case Emit(event=event):
                if isinstance(event.body, Alert):
                    self._alert(event.body)
                elif isinstance(event.body, RecordKept):
                    self._kept(event.body)
                elif isinstance(event.body, Reached):
                    self._answered(event.body)
            case _:
                pass

    def _alert(self, alert: Alert) -> None:
        found = self._episodes.get(alert.incident_id)
        if found is None:
            found = _Episode(open=set(), begins_ms=alert.t_cause_ns // 1_000_000)
            self._episodes[alert.incident_id] = found
            if len(self._episodes) > EPISODES_MAX:
                del self._episodes[next(iter(self._episodes))]
        found.ids.add(alert.alert_id)
        if alert.msg_type is MsgType.CANCEL:
            found.open.discard(alert.alert_id)
        else:
            found.open.add(alert.alert_id)
        found.ends_ms = max(found.ends_ms, alert.t_decided_ns // 1_000_000)
        found.dirty = True

    def _answered(self, reached: Reached) -> None:
        for episode in self._episodes.values():
            episode.dirty = episode.dirty or reached.alert_id in episode.ids

    def _kept(self, kept: RecordKept) -> None:
        """A word about somebody hurt: the episodes of now grow by it."""
        if kept.kind is not RecordKind.CASUALTY:
            return
        self._hits.setdefault(kept.record_id, self._gateway.now_ms())
        while len(self._hits) > EPISODES_MAX:
            del self._hits[next(iter(self._hits))]
        for episode in self._episodes.values():
            episode.dirty = True

    async def run(self) -> None:
        gateway = self._gateway
        while not (gateway.records.ready and gateway.view.settings is not None):  # noqa: ASYNC110 - two flags of two parts
            await asyncio.sleep(LOOK_S / 10)
        await self._past()
        while True:
            await asyncio.sleep(min(LOOK_S, max(0.2, self._settle_ms / 1_000)))
            await self._look()

    async def _past(self) -> None:
        """Episodes that ended while no gateway ran."""
        from vigia.run.ledger_feed import read_alert_times

        since_ns = self._gateway.clock.now_ns() - BACK_NS
        try:
            found = await asyncio.to_thread(
                read_alert_times, self._gateway.folder, since_ns=since_ns
            )
        except (sqlite3.Error, OSError, ValueError) as e:
            self._gateway.fault("incidents", f"past warnings cannot be read: {type(e).__name__}")
            return
        for times in found:
            one = self._episodes.setdefault(
                times.incident_id, _Episode(open=set(), begins_ms=times.t0_ns // 1_000_000)
            )
            one.begins_ms = min(one.begins_ms, times.t0_ns // 1_000_000)
            one.ends_ms = max(one.ends_ms, times.revisions[-1].decided_ns // 1_000_000)
            if times.ended is None and times.alert_id in self._gateway.view.alerts:
                one.open.add(times.alert_id)

    async def _look(self) -> None:
        now_ms = self._gateway.now_ms()
        for name, one in list(self._episodes.items()):
            over = not one.open and now_ms - one.ends_ms >= self._settle_ms
            ripe = not one.grown_ms or now_ms - one.grown_ms >= AGAIN_S * 1_000
            if over and ripe and one.dirty and one.tries < TRIES_MAX:
                await self._grow(name, one)
            if not one.open and now_ms - one.ends_ms > HURT_AFTER_MS + self._settle_ms:
                self._episodes.pop(name, None)
        for casualty_id, t_ms in list(self._hits.items()):
            if now_ms - t_ms >= min(ALONE_S * 1_000, 6 * self._settle_ms):
                del self._hits[casualty_id]
                await self._alone(casualty_id)

    async def _grow(self, name: str, one: _Episode) -> None:
        gateway = self._gateway
        one.dirty, one.grown_ms = False, gateway.now_ms()
        since_ns = (one.begins_ms - 60_000) * 1_000_000
        try:
            story = await asyncio.to_thread(read_episode, gateway.folder, name, since_ns)
        except (sqlite3.Error, OSError, ValueError) as e:
            one.tries, one.dirty = one.tries + 1, True
            gateway.fault("incidents", f"an episode cannot be read: {type(e).__name__}")
            return
        for agency_id in agencies_of(gateway, story.alerts):
            part = part_of(gateway, story, agency_id)
            made = grown(name, part) if part.alerts else None
            if made is not None and not await self._keep(record_id_of(name, agency_id), made):
                one.tries, one.dirty = one.tries + 1, True

    async def _alone(self, casualty_id: str) -> None:
        """A HIT that no episode has taken up."""
        gateway = self._gateway
        every = gateway.records.all_of(RecordKind.INCIDENT, Incident).values()
        if any(casualty_id in i.casualty_ids for i in every) or self._during(casualty_id):
            return
        casualty = reports(gateway).get(casualty_id)
        first = gateway.records.versions(RecordKind.CASUALTY, casualty_id)
        if casualty is None or not first:
            return
        by = gateway.view.people.get(first[0].kept.by_person_id or "")
        settings = gateway.view.settings
        posts = {} if settings is None else {p.post_id: p for p in settings.posts}
        agency_id = by.agency_id if by is not None and gateway.eyes.apart else ""
        post = None if by is None else posts.get(by.post_id or "")
        made = grown_from_hit(
            casualty_id, casualty, post=post, agency_id=agency_id, mark=first[0].mark
        )
        if made is not None:
            await self._keep(record_id_of(f"{HIT}{casualty_id}", agency_id), made)

    def _during(self, casualty_id: str) -> bool:
        """An episode that goes on, or has just ended, will take it up."""
        casualty = reports(self._gateway).get(casualty_id)
        return casualty is not None and any(
            one.begins_ms <= casualty.t_hit_ms
            and (one.open or casualty.t_hit_ms <= one.ends_ms + HURT_AFTER_MS)
            and one.dirty
            for one in self._episodes.values()
        )

    async def _keep(self, record_id: str, made: Incident) -> bool:
        """False: try again. A record that a person has touched is left as it is."""
        gateway = self._gateway
        had = gateway.records.versions(RecordKind.INCIDENT, record_id)
        if any(v.kept.by_person_id is not None for v in had):
            return True
        if had:
            last = msgspec.json.decode(had[-1].kept.content, type=Incident)
            if last.status is not Status.CANDIDATE or replace(made, reason="") == replace(
                last, reason=""
            ):
                return True
            made = replace(made, reason="more was reported of it")
        body = RecordKept(
            record_id=record_id,
            kind=RecordKind.INCIDENT,
            version=len(had) + 1,
            content=canonical(made),
        )
        try:
            await gateway.link.submit(body, SOURCE, timeout_s=10.0)
        except TimeoutError:
            return False  # it goes on being sent, too: of two with one number the first counts
        return True
