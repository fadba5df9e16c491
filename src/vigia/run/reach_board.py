"""Who would be reached now and how, who has to be called, and how long each leg took.

Proof, not hope: a person is green only when something came back from him lately (an open page
within 30 s, a push within 24 h). A channel that answers nothing, such as a text message, proves
nothing about a person; its own last word says whether it works at all.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from vigia.events import Alert, Delivery, Event, HandedOver, Reached
from vigia.events_reach import ContactSet, NotReached, ToldByRadio
from vigia.run.courier.courier import HEALTH, CourierHealth
from vigia.run.legs import Legs
from vigia.run.link import State
from vigia.terms import Channel, MsgType, Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vigia.run.pages import Hub
    from vigia.run.view import View

PROOF_NS: dict[Channel, int] = {  # how old a returned heartbeat may be
    Channel.PAGE: 30 * 10**9,
    Channel.COT: 60 * 10**9,
    Channel.PUSH: 24 * 3600 * 10**9,
}
SILENT_WHY = {
    Channel.COT: "his TAK client said nothing for 60 s",
    Channel.PUSH: "nothing came back within 24 h",
}
COURIER_GONE_NS = 10 * 10**9
CALLS_MAX = 10_000
WORST = ("none", "unproved", "proved")


class ChannelRow(msgspec.Struct, frozen=True):
    """state: proved, quiet (no page that rings), silent (proof too old), unproved, broken."""

    channel: str
    state: str
    last_ms: int | None = None
    why: str = ""


class PersonRow(msgspec.Struct, frozen=True):
    """reach: proved, unproved (only channels that answer nothing), none."""

    person_id: str
    name: str
    post_id: str | None
    reach: str
    channels: tuple[ChannelRow, ...]


class CallRow(msgspec.Struct, frozen=True):
    """One line of the radio desk's list."""

    alert_id: str
    revision: int
    person_id: str
    name: str
    tier: int
    mark: str
    action: str
    from_point: str | None
    earliest_ms: int | None
    tried: tuple[str, ...]
    failed: tuple[str, ...]
    since_ms: int
    ended: bool
    end_reason: str | None


class ReachBoard:
    """On the gateway's event loop; reads nothing from disk but the courier's own word."""

    def __init__(self, folder: Path, view: View, hub: Hub) -> None:
        self.legs = Legs()
        self.contacts: dict[str, set[Channel]] = {}
        self._folder = folder
        self._view = view
        self._hub = hub
        self._calls: dict[str, tuple[NotReached, int]] = {}  # by alert, and since when

    # ---- taking --------------------------------------------------------------------------------

    def take_state(self, state: State) -> None:
        self.contacts = {p: set(found) for p, found in state.contacts.items()}
        known = self._calls
        self._calls = {
            c.alert.alert_id: (c.told, known.get(c.alert.alert_id, (c.told, state.t_ns))[1])
            for c in state.calls
        }
        for call in state.calls:
            if call.alert.msg_type is MsgType.CANCEL:
                self._view.take_alert(call.alert)

    def take(self, event: Event) -> bool:
        """True: the list of the radio desk changed."""
        match event.body:
            case Alert() as alert:
                self.legs.decided(alert)
                return alert.alert_id in self._calls
            case HandedOver() as body:
                self.legs.handed(body)
            case Reached() as body:
                self.legs.reached(body)
            case ContactSet() as body:
                held = self.contacts.setdefault(body.person_id, set())
                (held.add if body.on else held.discard)(body.channel)
            case NotReached() as body:
                return self._call(body, event.t_recv_ns)
            case ToldByRadio() | Delivery():
                pass  # what follows from them is said by NotReached
            case _:
                pass
        return False

    def _call(self, body: NotReached, t_ns: int) -> bool:
        if body.over:
            return self._calls.pop(body.alert_id, None) is not None
        since_ns = self._calls.get(body.alert_id, (body, t_ns))[1]
        self._calls[body.alert_id] = (body, since_ns)
        if len(self._calls) > CALLS_MAX:
            self._calls.pop(next(iter(self._calls)))
        return True

    # ---- giving --------------------------------------------------------------------------------

    def calls(self) -> list[CallRow]:
        """Most urgent first."""
        found: list[CallRow] = []
        for alert_id, (told, since_ns) in self._calls.items():
            alert, person = self._view.held(alert_id), self._view.people.get(told.person_id)
            if alert is None:
                continue
            earliest = alert.t_earliest_ns
            found.append(
                CallRow(
                    alert_id=alert_id,
                    revision=alert.revision,
                    person_id=told.person_id,
                    name=told.person_id if person is None else person.name,
                    tier=int(alert.tier),
                    mark=alert.mark.value,
                    action=alert.action,
                    from_point=alert.from_point,
                    earliest_ms=None if earliest is None else earliest // 1_000_000,
                    tried=tuple(c.value for c in told.tried),
                    failed=tuple(c.value for c in told.failed),
                    since_ms=since_ns // 1_000_000,
                    ended=alert.msg_type is MsgType.CANCEL,
                    end_reason=None if alert.end_reason is None else alert.end_reason.value,
                )
            )
        return sorted(found, key=lambda c: (c.ended, -c.tier, c.earliest_ms or 1 << 60, c.name))

    def people(
        self,
        now_ns: int,
        proofs: Mapping[tuple[str, Channel], int],
        courier: CourierHealth | None,
    ) -> list[PersonRow]:
        """Who would not be reached now comes first."""
        rows = [
            self._person(p.person_id, p.name, p.post_id, now_ns, proofs, courier)
            for p in self._view.people.values()
            if p.role is not Role.SENSOR
        ]
        return sorted(rows, key=lambda r: (WORST.index(r.reach), r.name))

    def _person(
        self,
        person_id: str,
        name: str,
        post_id: str | None,
        now_ns: int,
        proofs: Mapping[tuple[str, Channel], int],
        courier: CourierHealth | None,
    ) -> PersonRow:
        rows = [self._page(person_id, now_ns)]
        rows += [
            _remote(channel, now_ns, proofs.get((person_id, channel)), courier)
            for channel in sorted(self.contacts.get(person_id, ()), key=lambda c: c.value)
        ]
        states = {r.state for r in rows}
        reach = "proved" if "proved" in states else "unproved" if "unproved" in states else "none"
        return PersonRow(person_id, name, post_id, reach, tuple(rows))

    def _page(self, person_id: str, now_ns: int) -> ChannelRow:
        pages = self._hub.of_person(person_id)
        if not pages:
            return ChannelRow("page", "silent", None, "no open page")
        last = max(page.t_heard_ns for page in pages)
        if now_ns - last > PROOF_NS[Channel.PAGE]:
            return ChannelRow("page", "silent", last // 1_000_000, "no heartbeat for 30 s")
        watching = [page for page in pages if page.on_watch]
        if any(page.siren for page in watching):
            return ChannelRow("page", "proved", last // 1_000_000)
        if any(page.quiet for page in watching):
            why = "a quiet shift: it shakes, no siren"
            return ChannelRow("page", "proved", last // 1_000_000, why)
        return ChannelRow("page", "quiet", last // 1_000_000, "open, and will not ring")

    def courier(self, now_ns: int) -> CourierHealth | None:
        """Its own word; None when it is not there, or silent. Reads a small file."""
        try:
            data = (self._folder / HEALTH).read_bytes()
            found = msgspec.json.decode(data, type=CourierHealth)
        except (OSError, msgspec.DecodeError):
            return None
        return found if now_ns - found.t_ns <= COURIER_GONE_NS else None


def _remote(
    channel: Channel, now_ns: int, proof_ns: int | None, courier: CourierHealth | None
) -> ChannelRow:
    last_ms = None if proof_ns is None else proof_ns // 1_000_000
    broken = "" if channel is Channel.COT else _broken(channel, courier)
    if broken:
        return ChannelRow(channel.value, "broken", None, broken)
    limit_ns = PROOF_NS.get(channel)
    if limit_ns is None:
        return ChannelRow(channel.value, "unproved", last_ms, "nothing comes back by it")
    if proof_ns is not None and now_ns - proof_ns <= limit_ns:
        return ChannelRow(channel.value, "proved", last_ms)
    return ChannelRow(channel.value, "silent", last_ms, SILENT_WHY[channel])


def _broken(channel: Channel, courier: CourierHealth | None) -> str:
    """Why the courier cannot carry it; "" when it can, as far as it knows."""
    if courier is None:
        return "the courier does not answer"
    lane = next((lane for lane in courier.lanes if lane.channel == channel.value), None)
    return "no such channel at this site" if lane is None else lane.trouble
