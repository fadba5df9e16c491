"""What TAK clients say -> inputs of the watch, and our answer. Time and people are given; no IO.

Believed is only what a client certificate proves. A name on a connection without one is a claim:
its reports count as those of a text message do (WARNING at most until the desk confirms), its
positions not at all unless the site's settings map the callsign to a person.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import msgspec

from vigia.alert_terms import Via
from vigia.event_base import TEXT_MAX
from vigia.events import Acknowledged, AttackReported, Input, PersonMoved, Sighting
from vigia.events_words import WordKind, WordReceived
from vigia.run.reporting import Report, inputs_of
from vigia.run.tak_server.item import is_person
from vigia.run.tak_server.marks import drone_mark, place_mark
from vigia.run.tak_server.talk import receipt_of, said_in
from vigia.terms import AckKind, Position
from vigia.textreport.parse import Understood, understand
from vigia.textreport.plain import plain
from vigia.wire.cot import Emergency

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from vigia.events import Alert
    from vigia.run.tak_server.talk import Said
    from vigia.run.tak_server.who import Who
    from vigia.textreport.place import Named
    from vigia.wire.cot import CotEvent

MOVE_NS = 2_000_000_000  # a person's point is told to the watch at most this often
FUTURE_NS = 2_000_000_000  # a client's clock ahead by more is not believed
REMEMBERED_MAX = 10_000  # people, marks, emergencies; the oldest are forgotten
SAFE_WORDS = frozenset(
    {"safe", "i am safe", "im safe", "i'm safe", "in cover", "i am in cover", "i'm in cover",
     "a salvo", "estoy a salvo", "a cubierto", "estoy a cubierto", "cubierto", "en refugio"}
)  # fmt: skip
SHARE_WORDS = frozenset({"position on", "share position", "posicion si", "compartir posicion"})
HIDE_WORDS = frozenset({"position off", "hide position", "posicion no", "ocultar posicion"})
ValueT = TypeVar("ValueT")
_MEDEVAC_MAX = 12  # attributes of a CASEVAC that are told on


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """What a text is read against."""

    origin: Position
    places: tuple[Named, ...] = ()


class Heard(NamedTuple):
    """bodies: for the watch. reply: catalogue key of our answer in chat; said: what it echoes."""

    bodies: Sequence[Input] = ()
    reply: str | None = None
    said: Understood | None = None


class Ear:
    """State: when each person's point was told on, who lets his be used, what was reported."""

    def __init__(
        self,
        callsigns: dict[str, str],
        alert_of: Callable[[str], Alert | None],
        alerts: Callable[[], Iterable[Alert]],
    ) -> None:
        """callsigns: of people whose clients prove nothing, to their person_id."""
        self.site: Site | None = None
        self.sharing: set[str] = set()
        self._callsigns = callsigns
        self._alert_of = alert_of
        self._alerts = alerts
        self._moved_ns: dict[str, int] = {}
        self._marks: dict[str, Sighting] = {}  # by uid: the report a mark became
        self._attacks: dict[str, AttackReported] = {}  # by uid of the emergency
        self._emergencies: dict[str, str] = {}  # by uid: the kind that was told

    def hear(
        self, event: CotEvent, who: Who, *, own: bool, mine: Position | None, t_ns: int
    ) -> Heard:
        """own: the event is under the uid that the client gave itself. mine: where that client
        said it is."""
        if is_person(event):
            return Heard(self._moved(event, who, own=own, t_ns=t_ns))
        receipt = receipt_of(event)
        if receipt is not None:
            return Heard(self._answers([receipt[0]], receipt[1], who, t_ns))
        said = said_in(event)
        if said is not None:
            return self._chat(said, event, who, mine, t_ns) if said.to_us else Heard()
        if event.emergency is not None:
            return Heard(self._emergency(event, who, t_ns))
        if event.type == "b-r-f-h-c":
            return Heard([self._casevac(event, who, t_ns)])
        if event.type == "t-x-d-d":
            return Heard(self._taken_back(event.detail("link").get("uid", ""), who))
        return Heard(self._mark(event, who, mine, t_ns))

    # ---- positions -------------------------------------------------------------------------

    def _moved(self, event: CotEvent, who: Who, *, own: bool, t_ns: int) -> list[Input]:
        if who.person_id is None:
            person_id = self._callsigns.get(event.callsign or "")
        else:
            person_id = who.person_id if own and who.person_id in self.sharing else None
        if person_id is None or event.lat_deg is None or event.lon_deg is None:
            return []
        if t_ns - self._moved_ns.get(person_id, 0) < MOVE_NS:
            return []
        _remember(self._moved_ns, person_id, t_ns)
        where = Position(event.lat_deg, event.lon_deg, event.alt_hae_m, event.ce_m)
        return [PersonMoved(person_id=person_id, t_obs_ns=seen_ns(event, t_ns), position=where)]

    # ---- answers ---------------------------------------------------------------------------

    def _answers(
        self, message_ids: Iterable[str], kind: AckKind, who: Who, t_ns: int
    ) -> list[Input]:
        """Only his own alerts, and only from the client that proves to be his."""
        out: list[Input] = []
        for message_id in message_ids:
            alert_id, _, revision = message_id.partition(".")
            alert = self._alert_of(alert_id)
            known = revision.isascii() and revision.isdigit() and len(revision) < 9
            if alert is None or not known or who.person_id is None or who.device_id is None:
                continue
            if alert.person_id != who.person_id:
                continue
            out.append(
                Acknowledged(
                    alert_id=alert_id,
                    revision=min(int(revision), alert.revision),
                    person_id=who.person_id,
                    device_id=who.device_id,
                    kind=kind,
                    t_obs_ns=t_ns,
                )
            )
        return out

    # ---- chat ------------------------------------------------------------------------------

    def _chat(
        self, said: Said, event: CotEvent, who: Who, mine: Position | None, t_ns: int
    ) -> Heard:
        words = plain(said.text).strip(" .!")
        if who.person_id is not None:
            if words in SHARE_WORDS:
                self.sharing.add(who.person_id)
                return Heard(reply="tak.sharing_on")
            if words in HIDE_WORDS:
                self.sharing.discard(who.person_id)
                return Heard(reply="tak.sharing_off")
            if words in SAFE_WORDS:
                his = [
                    f"{a.alert_id}.{a.revision}"
                    for a in self._alerts()
                    if a.person_id == who.person_id
                ]
                return Heard(self._answers(his, AckKind.SAFE, who, t_ns), reply="tak.safe")
        if self.site is None:
            return Heard(reply="tak.starting")
        understood = understand(said.text, self.site.places, origin=self.site.origin, mine=mine)
        report = Report(
            word_id=_id("word", said.message_id, who),
            via=_via(who),
            text=said.text,
            sender=said.sender,
            person_id=who.person_id,
            device_id=who.device_id,
            t_obs_ns=seen_ns(event, t_ns),
        )
        made = inputs_of(report, understood, t_ns=t_ns)
        return Heard(made.bodies, reply=made.reply, said=understood)

    # ---- marks on the map ------------------------------------------------------------------

    def _mark(self, event: CotEvent, who: Who, mine: Position | None, t_ns: int) -> list[Input]:
        """A drone that a person placed on the map, or a mark whose words say it is one."""
        drone = drone_mark(event, self.site)
        if drone is None or event.lat_deg is None or event.lon_deg is None:
            return []
        body = place_mark(
            drone,
            Position(event.lat_deg, event.lon_deg, event.alt_hae_m, event.ce_m),
            mine,
            report_id=_id("mark", f"{event.uid} {event.t_start_ns}", who),
            who=who,
            via=_via(who),
            t_obs_ns=seen_ns(event, t_ns),
            text=_text(event),
        )
        known = self._marks.get(event.uid)
        if known is not None and known.report_id == body.report_id:
            return []
        _remember(self._marks, event.uid, body)
        return [body]

    def _taken_back(self, uid: str, who: Who) -> list[Input]:
        body = self._marks.get(uid)
        if body is None or body.person_id != who.person_id or body.device_id != who.device_id:
            return []
        del self._marks[uid]
        return [msgspec.structs.replace(body, withdrawn=True)]

    # ---- calls for help --------------------------------------------------------------------

    def _emergency(self, event: CotEvent, who: Who, t_ns: int) -> list[Input]:
        """For the desk, each once. Somebody in trouble is no drone attack: only a proved person
        whose words say that a drone attacks warns others, and his cancel takes it back."""
        kind = (event.emergency or Emergency.CUSTOM).value[1]
        if self._emergencies.get(event.uid) == kind:
            return []
        cancel = event.emergency is Emergency.CANCEL
        if cancel:
            self._emergencies.pop(event.uid, None)
        else:
            _remember(self._emergencies, event.uid, kind)
        out: list[Input] = []
        attack = self._attacks.pop(event.uid, None) if cancel else self._attack(event, who, t_ns)
        if attack is not None:
            if not cancel:
                _remember(self._attacks, event.uid, attack)
            out.append(msgspec.structs.replace(attack, withdrawn=cancel))
        word = self._word(event, who, WordKind.EMERGENCY, f"{kind}: {_text(event)}", t_ns)
        report_id = None if attack is None else attack.report_id
        return [*out, msgspec.structs.replace(word, report_id=report_id)]

    def _attack(self, event: CotEvent, who: Who, t_ns: int) -> AttackReported | None:
        if who.person_id is None or self.site is None or event.lat_deg is None:
            return None
        said = understand(_text(event), self.site.places, origin=self.site.origin)
        if not said.attack or event.lon_deg is None:
            return None
        return AttackReported(
            report_id=_id("attack", f"{event.uid} {event.t_start_ns}", who),
            t_obs_ns=seen_ns(event, t_ns),
            person_id=who.person_id,
            device_id=who.device_id,
            position=Position(event.lat_deg, event.lon_deg, event.alt_hae_m, event.ce_m),
            text=_text(event),
            via=Via.TAK,
        )

    def _casevac(self, event: CotEvent, who: Who, t_ns: int) -> WordReceived:
        said = event.detail("_medevac_")
        parts = [f"{key}={value}" for key, value in list(said.items())[:_MEDEVAC_MAX] if value]
        text = f"CASEVAC {_text(event)} {'; '.join(parts)}"
        return self._word(event, who, WordKind.CASEVAC, text, t_ns)

    def _word(
        self, event: CotEvent, who: Who, kind: WordKind, text: str, t_ns: int
    ) -> WordReceived:
        where = None
        if event.lat_deg is not None and event.lon_deg is not None:
            where = Position(event.lat_deg, event.lon_deg, event.alt_hae_m, event.ce_m)
        return WordReceived(
            word_id=_id("word", f"{event.uid} {event.type} {event.t_start_ns}", who),
            t_obs_ns=seen_ns(event, t_ns),
            via=_via(who),
            kind=kind,
            text=" ".join(text.split())[:TEXT_MAX],
            sender=(event.callsign or event.uid)[:TEXT_MAX],
            person_id=who.person_id,
            position=where,
            why="person",
        )


def seen_ns(event: CotEvent, t_ns: int) -> int:
    """When it happened: the client's word, unless its clock is ahead of ours."""
    return event.t_ns if event.t_ns <= t_ns + FUTURE_NS else t_ns


def _via(who: Who) -> Via:
    return Via.TEXT if who.person_id is None else Via.TAK


def _text(event: CotEvent) -> str:
    words = " ".join(part for part in (event.callsign, event.remarks) if part)
    return " ".join(words.split())[:TEXT_MAX]


def _id(kind: str, what: str, who: Who) -> str:
    """The same words of the same device are the same report, however often they come."""
    told = f"{what} {who.device_id or who.address}"
    return f"tak-{kind}-{sha256(told.encode()).hexdigest()[:24]}"


def _remember(memory: dict[str, ValueT], key: str, value: ValueT) -> None:
    memory.pop(key, None)
    memory[key] = value
    if len(memory) > REMEMBERED_MAX:
        del memory[next(iter(memory))]
