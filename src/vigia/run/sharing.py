"""What one viewer may see of a message: the one place where agencies are kept apart.

Every frame to a page and every row of an answer passes through Eyes. Without [agencies] in the
settings there is one team, and roles alone decide. The alert of the endangered person himself
never passes here: it reaches him whatever the agency.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple, assert_never

from msgspec.structs import replace

from vigia.run import page_json as out
from vigia.run.page_acts import CallsOut, CoverOut
from vigia.run.page_records import BulletinsOut, RecordsOut
from vigia.run.roles import CONSOLE, OFFICERS
from vigia.run.settings_access import Access, Share
from vigia.run.track_whose import Place, near
from vigia.terms import Role

if TYPE_CHECKING:
    from vigia.run.view import View

SITE = ""  # owner of what belongs to the whole site
NOBODY = "?"  # owner of what nobody known owns: hidden from every tenant


class Viewer(NamedTuple):
    """Who looks. person_id "" stands for any console of that agency and role."""

    person_id: str
    agency_id: str
    role: Role


class Eyes:
    """Reads the view for whose things are; keeps nothing."""

    def __init__(self, view: View, access: Access) -> None:
        self._view = view
        self._access = access
        self.apart = bool(access.agencies)
        self._sees = {
            (viewer, owner): frozenset(what)
            for viewer, owners in access.sharing.items()
            for owner, what in owners.items()
        }
        self._sensors = {s: name for name, a in access.agencies.items() for s in a.sensors}

    # ---- whose -----------------------------------------------------------------------------

    def may(self, viewer: Viewer, owner: str, what: Share) -> bool:
        if not self.apart or owner in (SITE, viewer.agency_id):
            return True
        return what in self._sees.get((viewer.agency_id, owner), frozenset())

    def agency_name(self, agency_id: str) -> str:
        """As the settings call it."""
        entry = self._access.agencies.get(agency_id)
        return agency_id if entry is None else entry.name

    def whose_person(self, person_id: str | None) -> str:
        person = self._view.people.get(person_id or "")
        return NOBODY if person is None else person.agency_id

    def whose_target(self, target_id: str, person_id: str | None = None) -> str:
        kind, _, name = target_id.partition("/")
        if person_id is not None or kind == "person":
            return self.whose_person(person_id or name)
        settings = self._view.settings
        posts = () if settings is None else settings.posts
        return next((p.agency_id for p in posts if p.post_id == name), NOBODY)

    def sees_record(self, viewer: Viewer) -> bool:
        """The ledger is one for all agencies: only who may see everybody's incidents reads it."""
        return all(self.may(viewer, name, Share.INCIDENTS) for name in self._access.agencies)

    def owns_track(self, viewer: Viewer, track: out.TrackOut) -> bool:
        """Acts on a drone near other agencies' people only are theirs."""
        whose = self._whose_tracks([track])[0]
        return not self.apart or not whose or bool(whose & {SITE, viewer.agency_id})

    def owns_sensor(self, viewer: Viewer, sensor_id: str) -> bool:
        return not self.apart or self._sensors.get(sensor_id, SITE) in (SITE, viewer.agency_id)

    # ---- messages --------------------------------------------------------------------------

    def seen(self, viewer: Viewer, message: out.ToPage) -> out.ToPage | None:
        """As that viewer may see it; None: not at all."""
        match message:
            case out.Beat() | out.PongOut() | out.AckedOut() | out.RefusedOut():
                return message
            case BulletinsOut() | RecordsOut():  # they tell nothing but that there is something
                return message
            case out.Hello():
                return self._hello(viewer, message)
            case out.AlertOut(alert=alert):
                shown = self.alert(viewer, alert)
                return None if shown is None else out.AlertOut(shown)
            case out.PictureOut():
                return self._picture(viewer, message)
            case out.SightingOut():
                return self._sighting(viewer, message)
            case out.PlacedOut(report_id=report_id):
                reported = self._view.sightings.get(report_id)
                whose = None if reported is None else reported.person_id
                return message if self._concerns(viewer, whose, Share.SIGHTINGS) else None
            case out.ReachedOut(person_id=person_id):
                whole = self._concerns(viewer, person_id, Share.ALERTS)
                return message if whole and self._names(viewer, person_id) else None
            case out.HealthOut():
                return self._health(viewer, message)
            case CallsOut():
                return message if viewer.role in OFFICERS else None
            case CoverOut():
                return message if self._covers(viewer, message) else None
            case _:
                assert_never(message)

    def alert(self, viewer: Viewer, alert: out.AlertBody) -> out.AlertBody | None:
        """His own whole; others' on a console, without names where people are not shared."""
        if alert.person_id is not None and alert.person_id == viewer.person_id:
            return alert
        owner = self.whose_target(alert.target_id, alert.person_id)
        if viewer.role not in CONSOLE or not self.may(viewer, owner, Share.ALERTS):
            return None
        if self.may(viewer, owner, Share.PEOPLE):
            return alert
        return replace(
            alert,
            target_id=f"agency/{owner}",
            person_id=None,
            person_name=None,
            by_name=None,
            text="",
            reached=out.ReachedTimes(),
        )

    def record(self, viewer: Viewer, row: dict[str, object]) -> dict[str, object] | None:
        """One alert of the history, as http_ledger.alert_json makes it."""
        person, target = row["person_id"], str(row["target_id"])
        owner = self.whose_target(target, person if isinstance(person, str) else None)
        if not self.may(viewer, owner, Share.INCIDENTS):
            return None
        if self.may(viewer, owner, Share.PEOPLE):
            return row
        return row | {"person_id": None, "person_name": None, "target_id": f"agency/{owner}"}

    def people(self, viewer: Viewer, person_ids: Iterable[str]) -> list[str]:
        return [p for p in person_ids if self.may(viewer, self.whose_person(p), Share.PEOPLE)]

    def posts(self, viewer: Viewer, posts: Sequence[out.PostOut]) -> tuple[out.PostOut, ...]:
        return tuple(
            p
            for p in posts
            if self.may(viewer, self.whose_target(f"post/{p.post_id}"), Share.PEOPLE)
        )

    # ---- each kind -------------------------------------------------------------------------

    def _concerns(self, viewer: Viewer, person_id: str | None, what: Share) -> bool:
        if person_id is not None and person_id == viewer.person_id:
            return True
        owner = SITE if person_id is None else self.whose_person(person_id)
        return viewer.role in CONSOLE and self.may(viewer, owner, what)

    def _names(self, viewer: Viewer, person_id: str | None) -> bool:
        own = person_id is not None and person_id == viewer.person_id
        return own or self.may(viewer, self.whose_person(person_id), Share.PEOPLE)

    def _hello(self, viewer: Viewer, message: out.Hello) -> out.Hello:
        alerts = (self.alert(viewer, a) for a in message.alerts)
        return replace(
            message,
            posts=self.posts(viewer, message.posts),
            alerts=tuple(a for a in alerts if a is not None),
            cover=tuple(c for c in message.cover if self._covers(viewer, c)),
        )

    def _covers(self, viewer: Viewer, cover: CoverOut) -> bool:
        """How a place is watched tells where it is: with its people."""
        if cover.target_id == f"person/{viewer.person_id}":
            return True
        person = self._view.people.get(viewer.person_id)
        if person is not None and cover.target_id == f"post/{person.post_id}":
            return True
        owner = self.whose_target(cover.target_id)
        return viewer.role in CONSOLE and self.may(viewer, owner, Share.PEOPLE)

    def _sighting(self, viewer: Viewer, seen: out.SightingOut) -> out.SightingOut | None:
        if not self._concerns(viewer, seen.person_id, Share.SIGHTINGS):
            return None
        if seen.person_id is None or self._names(viewer, seen.person_id):
            return seen
        return replace(seen, person_id=None, name=None, position=None, text="")

    def _health(self, viewer: Viewer, health: out.HealthOut) -> out.HealthOut | None:
        if viewer.role not in CONSOLE:
            return None
        if not self.apart:
            return health
        mine = (SITE, viewer.agency_id)
        sensors = (s for s in health.sensors if self._sensors.get(s.sensor_id, SITE) in mine)
        return replace(health, sensors=tuple(sensors))

    def _picture(self, viewer: Viewer, picture: out.PictureOut) -> out.PictureOut | None:
        """Where colleagues stand is for those who direct them, not for every console."""
        if viewer.role not in CONSOLE:
            return None
        spots = picture.people if viewer.role in OFFICERS else ()
        if not self.apart:
            return picture if viewer.role in OFFICERS else replace(picture, people=())
        tracks = zip(picture.tracks, self._whose_tracks(picture.tracks), strict=True)
        return replace(
            picture,
            tracks=tuple(
                self._arrival(viewer, t) for t, whose in tracks if self._sees_track(viewer, whose)
            ),
            people=tuple(s for s in spots if self._names(viewer, s.person_id)),
        )

    def _sees_track(self, viewer: Viewer, whose: frozenset[str]) -> bool:
        """Near nobody it is nobody's; else near one whose drones he may see."""
        return not whose or any(self.may(viewer, one, Share.TRACKS) for one in whose)

    def _arrival(self, viewer: Viewer, track: out.TrackOut) -> out.TrackOut:
        if track.arrival is None:
            return track
        owner = self.whose_target(track.arrival.target_id)
        return track if self.may(viewer, owner, Share.PEOPLE) else replace(track, arrival=None)

    def _whose_tracks(self, tracks: Sequence[out.TrackOut]) -> list[frozenset[str]]:
        """Agencies with a post, or a person on watch, within the watch radius of each track."""
        settings = self._view.settings
        if not self.apart or settings is None:
            return [frozenset()] * len(tracks)
        places = [
            Place(p.position.lat_deg, p.position.lon_deg, p.agency_id) for p in settings.posts
        ]
        places += [
            Place(s.lat_deg, s.lon_deg, self.whose_person(s.person_id)) for s in self._view.spots
        ]
        found = near(tracks, places, settings.policy.watch_radius_m)
        return [
            whose
            if track.lat_deg is not None
            else frozenset(
                () if track.arrival is None else (self.whose_target(track.arrival.target_id),)
            )
            for track, whose in zip(tracks, found, strict=True)
        ]
