"""Events of clients and of the watch -> the clients they are for, and the present picture.

Knows no sockets and no clock. Plain relay: what has addressees goes to them alone, everything
else to everybody but its sender. Words of another TAK server or of the mesh are told to our own
clients and never sent back out, so that nothing goes round in circles.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from vigia.run.settings_access import Access
from vigia.run.sharing import NOBODY
from vigia.run.tak_server.apart import Apart
from vigia.run.tak_server.control import gone
from vigia.run.tak_server.item import OWN, Item, is_person
from vigia.terms import Position
from vigia.wire.advert import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from vigia.run.tak_server.peer import Peer
    from vigia.run.tak_server.who import Who

PICTURE_MAX = 20_000  # things shown; beyond it the ones that are stale first go
CLIENTS_MAX = 1_000
OLD_NS = 600_000_000_000  # a person's position is forgotten after so long, stale or not
FAULT_KINDS_MAX = 50


class Kept:
    """What a later client is shown. by: the peer that said it; 0 is ourselves."""

    __slots__ = ("by", "item", "t_ns")

    def __init__(self, item: Item, by: int, t_ns: int) -> None:
        self.item, self.by, self.t_ns = item, by, t_ns


class Relay:
    """on_heard: every event of a client or an upstream, after it was relayed."""

    def __init__(self, clock_ns: Callable[[], int], apart: Apart | None = None) -> None:
        """apart: who may see what; None: everybody everything."""
        self.apart = Apart(Access(), {}) if apart is None else apart
        self.on_heard: Callable[[Item, Who, Peer | None], None] = lambda _i, _w, _p: None
        self.on_stored: Callable[[Item], None] = lambda _item: None
        self.on_opened: Callable[[Peer], None] = lambda _peer: None
        self.on_closed: Callable[[Peer], None] = lambda _peer: None
        self.on_refused: Callable[[str, bytes], None] = lambda _what, _raw: None
        self.counts: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.picture: dict[str, Kept] = {}
        self._clock_ns = clock_ns
        self._peers: dict[int, Peer] = {}

    def __iter__(self) -> Iterator[Peer]:
        return iter(list(self._peers.values()))

    def __len__(self) -> int:
        return len(self._peers)

    def place_of(self, uid: str) -> Position | None:
        """Where a client last said it is, while that is fresh."""
        kept = self.picture.get(uid)
        if kept is None or not is_person(kept.item.event):
            return None
        event = kept.item.event
        if event.lat_deg is None or event.lon_deg is None:
            return None
        return Position(event.lat_deg, event.lon_deg, event.alt_hae_m, event.ce_m)

    def of_person(self, person_id: str) -> list[Peer]:
        return [p for p in self._peers.values() if p.who and p.who.person_id == person_id]

    # ---- called by peers -------------------------------------------------------------------

    def opened(self, peer: Peer) -> None:
        """The present picture, at once; ours comes from on_opened."""
        if len(self._peers) >= CLIENTS_MAX:
            self.counts["turned_away"] += 1
            peer.end()
            return
        self._peers[peer.number] = peer
        self.counts["connections"] += 1
        self.on_opened(peer)
        now = self._clock_ns()
        for kept in list(self.picture.values()):
            if kept.item.event.t_stale_ns > now:
                self._send(peer, kept.item)

    def heard(self, peer: Peer, item: Item) -> None:
        assert peer.who is not None
        event = item.event
        if event.uid.startswith(OWN):
            self.refused(peer, Refused(code="uid", what="a client spoke under a uid of ours"), b"")
            return
        if is_person(event) and peer.uid in ("", event.uid):
            peer.uid, peer.callsign = event.uid, event.callsign or ""
        self._take(item, peer.who, peer)

    def refused(self, peer: Peer, why: Refused, raw: bytes) -> None:
        self.counts["refused"] += 1
        if len(self.faults) < FAULT_KINDS_MAX or why.what in self.faults:
            self.faults[why.what] += 1
        self.on_refused(why.what, raw)

    def closed(self, peer: Peer) -> None:
        if self._peers.pop(peer.number, None) is None:
            return
        self.on_closed(peer)
        if peer.uid and not any(p.uid == peer.uid for p in self._peers.values()):
            kept = self.picture.pop(peer.uid, None)
            if kept is not None:
                over = gone(peer.uid, kept.item.event.type, self._clock_ns())
                over.owners, over.what = kept.item.owners, kept.item.what
                self.say(over)

    # ---- others ----------------------------------------------------------------------------

    def heard_from_afar(self, item: Item, who: Who) -> None:
        """From another server or the mesh. Echoes of our own words end here."""
        if not item.event.uid.startswith(OWN) and not item.event.type.startswith("t-"):
            self._take(item, who, None)

    def say(self, item: Item, to: Iterable[Peer] | None = None) -> None:
        """Our own words, to those; None: to everybody, and to whoever comes later."""
        if to is not None:
            for peer in to:
                peer.send(item)
            return
        if item.kept:
            self._keep(item, 0)
        for peer in self:
            self._send(peer, item)

    def restore(self, item: Item) -> None:
        """From before this process: shown again, told to nobody anew. Whose it was is not kept."""
        item.owners = frozenset((NOBODY,))
        if item.kept and item.key not in self.picture:
            self._keep(item, 0)

    def forget(self, uid: str) -> None:
        self.picture.pop(uid, None)

    def sweep(self) -> None:
        """What is stale is nobody's picture any more; a person's last point goes after OLD_NS."""
        now = self._clock_ns()
        for uid, kept in list(self.picture.items()):
            old = is_person(kept.item.event) and now - kept.t_ns > OLD_NS
            if old or kept.item.event.t_stale_ns < now:
                del self.picture[uid]

    def _take(self, item: Item, who: Who, sender: Peer | None) -> None:
        self.counts["heard"] += 1
        item.owners = self.apart.owners(who)
        if item.kept:
            self._keep(item, 0 if sender is None else sender.number)
        elif item.event.type == "t-x-d-d":
            self._delete(item, sender)
        dests = item.event.dests
        if dests:
            names = {d.callsign for d in dests if d.callsign}
            uids = {d.uid for d in dests if d.uid}
            for peer in self._peers.values():
                if peer is not sender and (peer.uid in uids or peer.callsign in names):
                    self._send(peer, item)
        else:
            for peer in self._peers.values():
                if peer is not sender:
                    self._send(peer, item)
        self.on_stored(item)
        self.on_heard(item, who, sender)

    def _send(self, peer: Peer, item: Item) -> None:
        if self.apart.sees(peer.who, item):
            peer.send(item)

    def _keep(self, item: Item, by: int) -> None:
        self.picture.pop(item.key, None)
        self.picture[item.key] = Kept(item, by, self._clock_ns())
        if len(self.picture) > PICTURE_MAX:
            self.sweep()
        while len(self.picture) > PICTURE_MAX:
            self.counts["picture_dropped"] += 1
            del self.picture[next(iter(self.picture))]

    def _delete(self, item: Item, sender: Peer | None) -> None:
        """Somebody takes back what he drew; nobody takes back what is ours or another's."""
        uid = item.event.detail("link").get("uid", "")
        kept = self.picture.get(uid)
        if kept is not None and (sender is None or kept.by == sender.number):
            del self.picture[uid]
