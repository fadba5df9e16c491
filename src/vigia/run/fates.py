"""What became of people's reports: on which track they are, what it proved to be, who was warned.

The reporter is told at once when his report is placed, and again, at most once a second, when the
drone is confirmed, people are warned because of it, or a named person says what it is. Of the last
hours only, and bounded; it lives as long as the gateway.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from vigia.events import (
    Alert,
    FriendlyEnded,
    MarkedFriendly,
    SightingPlaced,
    TrackJudged,
    TracksPublished,
)
from vigia.run import page_json as out
from vigia.terms import MsgType, TrackStatus
from vigia.tracktable import PUBLISHED_VERSION, published_rows

TRACKS_MAX = 500  # with reports; the oldest is forgotten
REPORTS_MAX = 50  # of one track; further ones are told only that they were placed
WARNED_MAX = 10_000  # people counted for one track; more is "that many"
OF_TRACKS = (TracksPublished, TrackJudged, MarkedFriendly, FriendlyEnded)


@dataclass
class _Track:
    number: int | None
    reports: dict[str, str] = field(default_factory=dict[str, str])  # report to its person
    warned: set[str] = field(default_factory=set[str])
    confirmed: bool = False
    verdict: str | None = None
    news: bool = False


class Told(msgspec.Struct, frozen=True):
    person_id: str
    message: out.PlacedOut


class Fates:
    """On the gateway's event loop."""

    def __init__(self) -> None:
        self._tracks: dict[str, _Track] = {}

    def placed(self, body: SightingPlaced) -> out.PlacedOut:
        """What is told of it now."""
        if body.track_id is None:
            return out.PlacedOut(body.report_id, None, body.number)
        track = self._tracks.setdefault(body.track_id, _Track(body.number))
        if len(self._tracks) > TRACKS_MAX:
            del self._tracks[next(iter(self._tracks))]
        for other in self._tracks.values():
            if other is not track:
                other.reports.pop(body.report_id, None)  # it has moved to another track
        if body.person_id is not None and len(track.reports) < REPORTS_MAX:
            track.reports[body.report_id] = body.person_id
        return _said(body.report_id, body.track_id, track)

    def alert(self, alert: Alert) -> None:
        if alert.msg_type is MsgType.CANCEL or alert.person_id is None:
            return
        for track_id in alert.track_ids:
            track = self._tracks.get(track_id)
            full = track is None or len(track.warned) >= WARNED_MAX
            if track is not None and not full and alert.person_id not in track.warned:
                track.warned.add(alert.person_id)
                track.news = True

    def take(
        self, body: TracksPublished | TrackJudged | MarkedFriendly | FriendlyEnded
    ) -> list[Told]:
        """What reporters are told now; news waits for the next picture, once a second."""
        match body:
            case TracksPublished():
                self._confirm(body)
                return self._news()
            case TrackJudged():
                self._judge(body.track_id, None if body.is_drone else "not_a_drone")
            case MarkedFriendly():
                self._judge(body.track_id, "friendly")
            case FriendlyEnded():
                self._judge(body.track_id, None)
        return []

    def of_person(self, person_id: str) -> list[out.PlacedOut]:
        """For a page that comes (back)."""
        return [
            _said(report_id, track_id, track)
            for track_id, track in self._tracks.items()
            for report_id, whose in track.reports.items()
            if whose == person_id
        ]

    def _confirm(self, body: TracksPublished) -> None:
        if not self._tracks or body.version != PUBLISHED_VERSION:
            return
        rows = published_rows(body.data)
        good = rows[rows["status"] == int(TrackStatus.CONFIRMED)]["track_id"].tolist()
        for raw in good:
            track = self._tracks.get(raw.decode("ascii", "replace"))
            if track is not None and not track.confirmed:
                track.confirmed = track.news = True

    def _judge(self, track_id: str, verdict: str | None) -> None:
        track = self._tracks.get(track_id)
        if track is not None and track.verdict != verdict:
            track.verdict, track.news = verdict, True

    def _news(self) -> list[Told]:
        told: list[Told] = []
        for track_id, track in self._tracks.items():
            if track.news:
                track.news = False
                told += [
                    Told(person_id, _said(report_id, track_id, track))
                    for report_id, person_id in track.reports.items()
                ]
        return told


def _said(report_id: str, track_id: str, track: _Track) -> out.PlacedOut:
    return out.PlacedOut(
        report_id, track_id, track.number, track.confirmed, len(track.warned), track.verdict
    )
