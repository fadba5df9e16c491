"""What the watch said -> what the pages show. Holds the present, no history beyond an hour."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from vigia.alert.words import alert_text
from vigia.events import (
    AgencyAdded,
    Alert,
    CoreSettings,
    CoverTold,
    DeviceEnrolled,
    DeviceRevoked,
    Event,
    PersonAdded,
    Reached,
    Sighting,
    SightingPlaced,
    TracksPublished,
)
from vigia.events_flight import FlightAuthorised
from vigia.roster import SIGNED_IN
from vigia.run import page_json as out
from vigia.run.catalogue import words_of
from vigia.run.link import Arrival, Picture, State, Status
from vigia.run.page_acts import CoverOut, cover_out
from vigia.run.track_frame import frame_of_rows
from vigia.run.track_json import tracks_json
from vigia.terms import AckKind, Identity, Lang, MsgType
from vigia.tracktable import PUBLISHED_DTYPE, PUBLISHED_VERSION

SIGHTINGS_MAX = 2_000
SIGHTINGS_S = 3_600
REACHED_MAX = 20_000  # alerts whose answers are remembered
ENDED_MAX = 5_000  # alerts remembered after their end: an old revision is not shown again


def to_ms(t_ns: int) -> int:
    return t_ns // 1_000_000


def _ms(t_ns: int | None) -> int | None:
    return None if t_ns is None else t_ns // 1_000_000


class View:
    """Take what the link says; give JSON types. Nothing here knows of pages or sockets."""

    def __init__(self) -> None:
        self.settings: CoreSettings | None = None
        self.ground_call = ""  # whom phones say to call about a drone on the ground
        self.agencies: dict[str, AgencyAdded] = {}
        self.people: dict[str, PersonAdded] = {}
        self.devices: dict[str, DeviceEnrolled] = {}
        self.alerts: dict[str, Alert] = {}
        self._alerts_of: dict[str | None, dict[str, Alert]] = {}  # the same, by person
        self.cover: dict[str, CoverTold] = {}
        self.status: Status | None = None
        self.sightings: dict[str, out.SightingOut] = {}
        self.ended: dict[str, Alert] = {}
        self._reached: dict[str, out.ReachedTimes] = {}
        self._past: dict[str, str | None] = {}  # whose alerts of before this process were
        self._rows: bytes = b""
        self.spots: tuple[out.SpotOut, ...] = ()
        self._placed: frozenset[str] = frozenset()
        self._arrivals: dict[str, Arrival] = {}
        self._given: dict[str, Identity] = {}  # by track, where a named person said it
        self.t_picture_ns = 0
        self.flights: dict[str, FlightAuthorised] = {}  # kept up to date by http_flights

    # ---- taking ----------------------------------------------------------------------------

    def take_state(self, state: State) -> list[Alert]:
        """The whole present. Returns alerts that were open here and are not any more."""
        self.settings = state.settings
        self.agencies = {a.agency_id: a for a in state.agencies}
        self.people = {p.person_id: p for p in state.people}
        self.devices = {d.device_id: d for d in state.devices}
        now_open = {a.alert_id: a for a in state.open_alerts}
        gone = [a for a in self.alerts.values() if a.alert_id not in now_open]
        self.alerts, self._alerts_of = now_open, {}
        for alert in now_open.values():
            self._alerts_of.setdefault(alert.person_id, {})[alert.alert_id] = alert
        self.cover = {c.target_id: c for c in state.cover}
        self.flights = {f.flight_id: f for f in state.flights}
        return gone

    def held(self, alert_id: str) -> Alert | None:
        """The newest revision known, open or ended."""
        return self.alerts.get(alert_id) or self.ended.get(alert_id)

    def is_for(self, alert_id: str, person_id: str) -> bool | None:
        """None: not known here, open or ended."""
        held = self.held(alert_id)
        if held is not None:
            return held.person_id == person_id
        return self._past[alert_id] == person_id if alert_id in self._past else None

    def recall_owner(self, alert_id: str, person_id: str | None) -> None:
        """From the record: a phone that was offline may still answer it."""
        _remember(self._past, alert_id, person_id, ENDED_MAX)

    def take_alert(self, alert: Alert) -> bool:
        """False: older than what we have, or under the id of somebody else's alert."""
        held = self.held(alert.alert_id)
        if held is not None and (
            alert.revision < held.revision or alert.person_id != held.person_id
        ):
            return False
        own = self._alerts_of.setdefault(alert.person_id, {})
        if alert.msg_type is MsgType.CANCEL:
            self.alerts.pop(alert.alert_id, None)
            own.pop(alert.alert_id, None)
            if not own:
                del self._alerts_of[alert.person_id]
            _remember(self.ended, alert.alert_id, alert, ENDED_MAX)
        else:
            self.alerts[alert.alert_id] = own[alert.alert_id] = alert
        return True

    def take_reached(self, body: Reached) -> out.ReachedOut:
        if self.is_for(body.alert_id, body.person_id):
            times = self._reached.get(body.alert_id) or out.ReachedTimes()
            _remember(self._reached, body.alert_id, times, REACHED_MAX)
            t_ms = to_ms(body.t_obs_ns)
            match body.kind:
                case AckKind.DELIVERED:
                    times.delivered_ms = times.delivered_ms or t_ms
                case AckKind.SEEN:
                    times.seen_ms = times.seen_ms or t_ms
                case AckKind.SAFE:
                    times.safe_ms = times.safe_ms or t_ms
        return out.ReachedOut(body.alert_id, body.person_id, body.kind, to_ms(body.t_obs_ns))

    def recall_reached(self, alert_id: str, times: out.ReachedTimes) -> None:
        """What the record says of an open alert; an answer heard meanwhile stays."""
        held = self._reached.setdefault(alert_id, times)
        held.delivered_ms = held.delivered_ms or times.delivered_ms
        held.seen_ms = held.seen_ms or times.seen_ms
        held.safe_ms = held.safe_ms or times.safe_ms

    def recall_report(self, event: Event) -> None:
        """From the record; what was heard live meanwhile stays as it is."""
        match event.body:
            case Sighting() as body if body.report_id not in self.sightings:
                self.take_sighting(event, body)
            case SightingPlaced() as body:
                self.take_placed(body)
            case _:
                pass

    def take_person(self, body: PersonAdded) -> bool:
        """True: somebody known has another role or agency now."""
        known = self.people.get(body.person_id)
        self.people[body.person_id] = body
        return known is not None and (known.role, known.agency_id) != (body.role, body.agency_id)

    def take_device(self, body: DeviceEnrolled | DeviceRevoked) -> None:
        if isinstance(body, DeviceEnrolled):
            self.devices[body.device_id] = body
        else:
            self.devices.pop(body.device_id, None)

    def take_sighting(self, event: Event, body: Sighting) -> out.SightingOut:
        person = self.people.get(body.person_id or "")
        where, bearing = body.position, body.bearing
        seen = out.SightingOut(
            report_id=body.report_id,
            t_ms=to_ms(body.t_obs_ns),
            received_ms=to_ms(event.t_recv_ns),
            person_id=body.person_id,
            name=None if person is None else person.name,
            position=None
            if where is None
            else out.PositionOut(where.lat_deg, where.lon_deg, where.alt_hae_m, where.sigma_m),
            bearing=None
            if bearing is None
            else out.BearingOut(
                bearing.azimuth_deg_true,
                bearing.sigma_deg,
                bearing.elevation_deg,
                bearing.elevation_sigma_deg,
            ),
            sense=body.sense,
            kind=body.kind,
            count=body.count,
            load=body.load,
            motion=body.motion,
            refines=body.refines,
            withdrawn=body.withdrawn,
            text=body.text,
            mark=event.mark,
        )
        known = self.sightings.get(body.report_id)
        if known is not None:  # a retry: keep what became of it
            seen.track_id, seen.track_number = known.track_id, known.track_number
            seen.received_ms = known.received_ms
        _remember(self.sightings, body.report_id, seen, SIGHTINGS_MAX)
        return seen

    def take_placed(self, body: SightingPlaced) -> out.PlacedOut:
        seen = self.sightings.get(body.report_id)
        if seen is not None and body.track_id is not None:
            seen.track_id, seen.track_number = body.track_id, body.number
        return out.PlacedOut(body.report_id, body.track_id, body.number)

    def take_tracks(self, body: TracksPublished) -> None:
        whole = len(body.data) % PUBLISHED_DTYPE.itemsize == 0
        self._rows = body.data if body.version == PUBLISHED_VERSION and whole else b""

    def take_picture(self, picture: Picture) -> None:
        self.t_picture_ns = picture.t_ns
        self._arrivals = {a.track_id: a for a in picture.arrivals}
        self._given = dict(picture.identities)
        self._placed = frozenset(s.person_id for s in picture.people)
        self.spots = tuple(
            out.SpotOut(
                s.person_id,
                s.position.lat_deg,
                s.position.lon_deg,
                s.position.sigma_m,
                to_ms(s.t_obs_ns),
            )
            for s in picture.people
        )

    def take_cover(self, body: CoverTold) -> CoverOut:
        self.cover[body.target_id] = body
        return cover_out(body)

    # ---- giving ----------------------------------------------------------------------------

    def person(self, person_id: str) -> out.PersonOut | None:
        p = self.people.get(person_id)
        return None if p is None else out.PersonOut(p.person_id, p.name, p.role, p.lang, p.post_id)

    def person_of_device(self, device_id: str) -> PersonAdded | None:
        device = self.devices.get(device_id)
        return None if device is None else self.people.get(device.person_id)

    def person_at(self, device_id: str, person_id: str) -> PersonAdded | None:
        """Of a page: the device's, or whoever signed in on it."""
        if device_id.startswith(SIGNED_IN):
            return self.people.get(person_id)
        return self.person_of_device(device_id)

    def posts(self) -> tuple[out.PostOut, ...]:
        posts = () if self.settings is None else self.settings.posts
        return tuple(
            out.PostOut(p.post_id, p.name, p.position.lat_deg, p.position.lon_deg, p.radius_m)
            for p in posts
        )

    def alert(self, alert: Alert) -> out.AlertBody:
        person = self.people.get(alert.person_id or "")
        by = self.people.get(alert.by_person_id or "")
        return out.AlertBody(
            alert_id=alert.alert_id,
            revision=alert.revision,
            msg_type=alert.msg_type,
            incident_id=alert.incident_id,
            target_id=alert.target_id,
            person_id=alert.person_id,
            person_name=None if person is None else person.name,
            tier=alert.tier.value,
            mark=alert.mark,
            action=alert.action,
            sound=alert.sound,
            cause_ms=to_ms(alert.t_cause_ns),
            decided_ms=to_ms(alert.t_decided_ns),
            expires_ms=to_ms(alert.t_expires_ns),
            track_ids=alert.track_ids,
            track_numbers=alert.track_numbers,
            confirmed=alert.confirmed,
            p_hit=alert.p_hit,
            earliest_ms=_ms(alert.t_earliest_ns),
            p10_ms=_ms(alert.t_p10_ns),
            p50_ms=_ms(alert.t_p50_ns),
            p90_ms=_ms(alert.t_p90_ns),
            bearing_deg_true=alert.bearing_deg_true,
            from_point=alert.from_point,
            range_m=alert.range_m,
            height_m=alert.height_m,
            load=alert.load,
            sources=alert.sources,
            end_reason=None if alert.end_reason is None else alert.end_reason.value,
            by_name=None if by is None else by.name,
            identity=alert.identity.value,
            grounds=alert.grounds,
            text=self._text(alert, person, None if by is None else by.name),
            reached=self._reached.get(alert.alert_id) or out.ReachedTimes(),
        )

    def _text(self, alert: Alert, person: PersonAdded | None, by: str | None) -> str:
        """The whole alert in the person's language, for whatever shows only words."""
        kind, _, name = alert.target_id.partition("/")
        posts = () if self.settings is None else self.settings.posts
        if kind == "post":
            name = next((p.name for p in posts if p.post_id == name), name)
        elif person is not None:
            away = self._is_elsewhere(person.person_id)
            at_post = next((p.name for p in posts if p.post_id == person.post_id), person.name)
            name = person.name if away else at_post
        lang = Lang.EN if person is None else person.lang
        return alert_text(alert, words_of(lang), target=name, t_ns=alert.t_decided_ns, by=by)

    def open_alerts(self, person_id: str | None) -> tuple[out.AlertBody, ...]:
        """person_id None: all."""
        found = self.alerts if person_id is None else self._alerts_of.get(person_id, {})
        return tuple(self.alert(a) for a in found.values())

    def concerned(self, target_id: str) -> list[str]:
        """People whose own cover this is: a person elsewhere, or all who are at a post."""
        kind, _, name = target_id.partition("/")
        if kind == "person":
            return [name]
        return [
            p.person_id
            for p in self.people.values()
            if p.post_id == name and not self._is_elsewhere(p.person_id)
        ]

    def _is_elsewhere(self, person_id: str) -> bool:
        """At a place of his own; a place that was forgotten counts no more."""
        return person_id in self._placed and f"person/{person_id}" in self.cover

    def covers(self, person_id: str | None) -> tuple[CoverOut, ...]:
        """person_id None: of all; else how this person is watched."""
        if person_id is None:
            return tuple(cover_out(c) for c in self.cover.values())
        person = self.people.get(person_id)
        post = None if person is None else self.cover.get(f"post/{person.post_id}")
        own = self.cover[f"person/{person_id}"] if self._is_elsewhere(person_id) else post
        return () if own is None else (cover_out(own),)

    def tracks(self) -> Iterator[out.TrackOut]:
        return tracks_json(self._rows, self._arrivals, self._given)

    def rows(self) -> Callable[[Sequence[out.SpotOut], int], bytes]:
        """The tracks of now in columns, whatever comes meanwhile; the caller says the people."""
        data, arrivals, given = self._rows, self._arrivals, self._given
        return lambda people, t_ms: frame_of_rows(data, arrivals, given, people, t_ms)

    def recent_sightings(self, *, since_ms: int) -> list[out.SightingOut]:
        return [s for s in self.sightings.values() if s.received_ms >= since_ms]

    @property
    def sensors(self) -> tuple[out.SensorOut, ...]:
        if self.status is None:
            return ()
        return tuple(
            out.SensorOut(
                s.sensor_id,
                s.kind,
                s.state,
                _ms(s.t_last_ns),
                s.detections,
                s.faults,
                s.thinned,
                s.last_fault,
                s.azimuth_error_deg,
                s.clock_error_s,
                s.rate_hz,
                s.refused,
            )
            for s in self.status.sensors
        )

    def health(self, here: dict[str, int]) -> out.HealthOut | None:
        """here: the gateway's own counters."""
        status = self.status
        if status is None:
            return None
        return out.HealthOut(
            self.sensors, status.journal, status.journal_lag_s, {**status.counts, **here}
        )


def _remember(held: dict[str, Any], key: str, value: object, limit: int) -> None:
    """Newest last; the oldest go. Any: one rule for dictionaries of several value types."""
    held.pop(key, None)
    held[key] = value
    if len(held) > limit:
        del held[next(iter(held))]
