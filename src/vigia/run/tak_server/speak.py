"""Decisions of the watch -> what TAK clients are shown and told.

Tracks and alerts of posts go to everybody; the alert of a person goes to his own client alone, as
an emergency and, when it rings, as a chat message whose receipts count as his answer. Never is a
person's place in it. A client that comes back gets all of it as it is now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vigia.delivery.channels import cot
from vigia.run.settings_access import Share
from vigia.run.sharing import NOBODY
from vigia.run.tak_server.control import gone
from vigia.run.tak_server.item import Item
from vigia.run.tak_server.talk import contact, message
from vigia.run.track_whose import Place, Spot, near
from vigia.terms import Identity, Lang, MsgType, Position
from vigia.tracktable import Fix

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from vigia.events import Alert, CoreSettings, Post
    from vigia.run.tak_server.hub import Relay
    from vigia.run.tak_server.peer import Peer

TRACKS_MAX = 2_000  # shown of one picture, the ones people numbered first
ALERTS_MAX = 10_000
TOLD_MAX = 10_000  # chat messages that must not be told twice to one client


class Speaker:
    def __init__(
        self,
        relay: Relay,
        words: Mapping[Lang, dict[str, str]],
        clock_ns: Callable[[], int],
    ) -> None:
        self.langs: dict[str, Lang] = {}  # by person
        self.open: dict[str, Alert] = {}
        self.last: dict[str, Alert] = {}  # the newest revision, also of those that ended
        self.identities: dict[str, Identity] = {}  # that named persons gave, by track
        self.on_told: Callable[[Alert], None] = lambda _alert: None
        self._relay = relay
        self._words = words
        self._clock_ns = clock_ns
        self._posts: dict[str, Post] = {}
        self._middle: Position | None = None
        self._danger_m = self._watch_m = 0.0
        self._rows: NDArray[np.void] | None = None
        self._told: dict[tuple[int, str, int], None] = {}

    def take_settings(self, settings: CoreSettings) -> None:
        self._posts = {f"post/{post.post_id}": post for post in settings.posts}
        self._middle = settings.origin
        self._danger_m = settings.policy.danger_radius_m
        self._watch_m = settings.policy.watch_radius_m

    # ---- tracks ----------------------------------------------------------------------------

    def take_tracks(self, rows: NDArray[np.void]) -> None:
        """rows: the whole present picture."""
        self._rows = rows
        words = self._words[Lang.EN]
        shown = rows[:TRACKS_MAX]
        for row, whose in zip(shown, self._whose(shown), strict=True):
            who = self.identities.get(cot.track_name(row), Identity.UNKNOWN)
            data = cot.render_track(row, words, identity=who)
            if data is not None:
                self._relay.say(Item.of(data, whose, Share.TRACKS))

    def _whose(self, rows: NDArray[np.void]) -> Sequence[frozenset[str] | None]:
        """Agencies with a post near each track; near none it is nobody's and shown to all; one
        without a position is shown to none."""
        if not self._relay.apart.on:
            return [None] * len(rows)
        places = [
            Place(p.position.lat_deg, p.position.lon_deg, p.agency_id) for p in self._posts.values()
        ]
        spots = [Spot(float(row["lat_deg"]), float(row["lon_deg"])) for row in rows]
        unknown = frozenset((NOBODY,))
        found = near(spots, places, self._watch_m)
        return [
            unknown if spot.lat_deg != spot.lat_deg else whose
            for spot, whose in zip(spots, found, strict=True)
        ]

    def track_ended(self, track_id: str, *, false: bool) -> None:
        """What was no drone vanishes; one that is lost greys out by itself when it is stale."""
        uid = f"vigia.track.{track_id}"
        self._relay.forget(uid)
        if false:
            self._relay.say(gone(uid, "a-u-A", self._clock_ns()))

    # ---- alerts ----------------------------------------------------------------------------

    def take_alert(self, alert: Alert) -> None:
        held = self.last.get(alert.alert_id)
        if held is not None and held.revision >= alert.revision:
            return
        self.last[alert.alert_id] = alert
        if len(self.last) > ALERTS_MAX:
            del self.last[next(iter(self.last))]
        if alert.msg_type is MsgType.CANCEL:
            self.open.pop(alert.alert_id, None)
        else:
            self.open[alert.alert_id] = alert
            if len(self.open) > ALERTS_MAX:
                del self.open[next(iter(self.open))]
        if alert.person_id is None:
            self._tell_all(alert)
            return
        rings = alert.sound or alert.msg_type is not MsgType.UPDATE
        for peer in self._relay.of_person(alert.person_id):
            self._tell_one(peer, alert, rings=rings)

    def greet(self, peer: Peer) -> None:
        """From the first byte on: who we are, and what is in force for him."""
        if self._middle is not None:
            self._relay.say(contact(self._middle, self._clock_ns()), [peer])
        self._tell_open(peer)

    def named(self, peer: Peer) -> None:
        """His client said what it is called: now it can be written to."""
        self._tell_open(peer)

    def present(self) -> None:
        """We are still there; to be said before the last word of it is stale."""
        if self._middle is not None:
            self._relay.say(contact(self._middle, self._clock_ns()))

    def _tell_open(self, peer: Peer) -> None:
        person_id = None if peer.who is None else peer.who.person_id
        for alert in list(self.open.values()):
            if alert.person_id is not None and alert.person_id == person_id:
                self._tell_one(peer, alert, rings=True)

    def _tell_all(self, alert: Alert) -> None:
        words = self._words[Lang.EN]
        post = self._posts.get(alert.target_id)
        where = post.position if post is not None else self._drone(alert)
        whose = frozenset((NOBODY if post is None else post.agency_id,))
        self._relay.say(Item.of(cot.render_alert(alert, words, position=where), whose))
        if post is None:
            return
        radius_m = self._danger_m + post.radius_m
        area = cot.render_area(alert, words, position=post.position, radius_m=radius_m)
        self._relay.say(Item.of(area, whose))

    def _tell_one(self, peer: Peer, alert: Alert, *, rings: bool) -> None:
        words = self._words[self.langs.get(alert.person_id or "", Lang.EN)]
        shown = Item.of(cot.render_alert(alert, words, position=self._drone(alert)))
        self._relay.say(shown, [peer])
        if not (rings and peer.uid and peer.callsign):
            return
        key = (peer.number, alert.alert_id, alert.revision)
        if key in self._told:
            return
        self._told[key] = None
        if len(self._told) > TOLD_MAX:
            del self._told[next(iter(self._told))]
        said = message(
            cot.alert_words(alert, words),
            message_id=f"{alert.alert_id}.{alert.revision}",
            uid=peer.uid,
            callsign=peer.callsign,
            t_ns=self._clock_ns(),
        )
        self._relay.say(said, [peer])
        self.on_told(alert)

    def _drone(self, alert: Alert) -> Position | None:
        if self._rows is None or not alert.track_ids:
            return None
        found = self._rows[self._rows["track_id"] == alert.track_ids[0].encode()]
        if not len(found) or found[0]["fix"] != Fix.POSITION or np.isnan(found[0]["lat_deg"]):
            return None
        return Position(float(found[0]["lat_deg"]), float(found[0]["lon_deg"]))
