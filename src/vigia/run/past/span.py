"""A stretch of the journal -> the messages that a page was told then, for the page to draw again.

The recorded decisions themselves pass through the same View and the same Eyes as live ones, so
nothing is decided twice. Where people stood is not among them: positions are forgotten.
"""

from __future__ import annotations

from vigia.events import (
    Alert,
    CoverTold,
    Event,
    Reached,
    SettingsApplied,
    Sighting,
    SightingPlaced,
    TracksPublished,
)
from vigia.run import page_json as out
from vigia.run.journal_reader import Damaged, Dropped, Erased, JournalReader, Lying
from vigia.run.past.ask import Asker, LeftOut, SpanAsk, SpanOut
from vigia.run.past.marks import Marks
from vigia.run.sharing import Eyes, Viewer
from vigia.run.view import View

SECOND_NS = 1_000_000_000
REPORTS_BEFORE_NS = 15 * 60 * SECOND_NS  # as long as the console lists them
TRAIL_BEFORE_NS = 60 * SECOND_NS
TRAIL_STEP_NS = 5 * SECOND_NS
ROWS_MAX = 20_000  # tracks in one answer, of all its pictures
MESSAGES_MAX = 5_000
INPUTS = ("Sighting", "SettingsApplied")
DECISIONS = ("Alert", "CoverTold", "SightingPlaced", "Reached", "TracksPublished")
BEFORE = {"Sighting", "SightingPlaced", "Reached", "TracksPublished"}


def view_of(asker: Asker, marks: Marks, t_ns: int) -> View:
    """Names as they are known now, settings and places as they were then."""
    view = View()
    view.people = {p.person_id: p for p in asker.people}
    then = marks.settings_at(t_ns)
    view.settings = asker.settings if then is None else then.settings
    known = {c.target_id: c for c in asker.cover if c.t_since_ns <= t_ns}
    view.cover = known | marks.cover_at(t_ns)
    return view


def span(reader: JournalReader, marks: Marks, ask: SpanAsk) -> SpanOut:
    """Raises what the reader raises."""
    return _Span(reader, marks, ask).run()


class _Span:
    """One answer while it is made."""

    def __init__(self, reader: JournalReader, marks: Marks, ask: SpanAsk) -> None:
        self._reader = reader
        self._ask = ask
        self._marks = marks
        self._view = view_of(ask.asker, marks, ask.from_ns)
        self._eyes = Eyes(self._view, ask.asker.access)
        self._viewer: Viewer = ask.asker.viewer
        self._out: list[tuple[int, out.ToPage]] = []
        self._left = LeftOut()
        self._rows = 0
        self._t_picture_ns = 0
        self._step_ns = 0  # between pictures of so many tracks, for room
        self._alerts_at(ask.from_ns)

    def run(self) -> SpanOut:
        ask = self._ask
        if ask.whole:
            self._before()
        for lying in self._lying(ask.from_ns, ask.until_ns - 1):
            self._one(lying, max(ask.step_ns, self._step_ns))
        return SpanOut(
            from_ms=ask.from_ns // 1_000_000,
            until_ms=ask.until_ns // 1_000_000,
            messages=self._out,
            left_out=self._left,
        )

    def _alerts_at(self, t_ns: int) -> None:
        for mark in self._marks.open_at(t_ns - 1):
            found = self._reader.decision(mark.seq, mark.idx)
            if isinstance(found, Event) and isinstance(found.body, Alert):
                self._view.take_alert(found.body)
            else:
                self._left.forgotten += 1

    def _before(self) -> None:
        """Greeting, reports of the last quarter of an hour, and a minute of pictures for trails."""
        ask, kept = self._ask, self._out
        self._out = []
        for lying in self._lying(ask.from_ns - REPORTS_BEFORE_NS, ask.from_ns - 1):
            if lying.kind not in BEFORE:
                continue
            if lying.kind == "TracksPublished" and lying.t_ns < ask.from_ns - TRAIL_BEFORE_NS:
                continue
            self._one(lying, TRAIL_STEP_NS)
        earlier = self._out
        self._out = kept
        self._tell(ask.from_ns, self._hello())
        self._out += [(min(at, ask.from_ns // 1_000_000), said) for at, said in earlier]
        self._t_picture_ns = 0

    def _hello(self) -> out.Hello:
        view, settings = self._view, self._view.settings
        person = view.person(self._viewer.person_id)
        assert settings is not None
        assert person is not None
        return out.Hello(
            server_ms=self._ask.from_ns // 1_000_000,
            mode=settings.mode,
            person=person,
            posts=view.posts(),
            origin=out.PointOut(settings.origin.lat_deg, settings.origin.lon_deg),
            danger_radius_m=settings.policy.danger_radius_m,
            watch=out.Beat(self._ask.from_ns // 1_000_000, "ready", 0, ""),
            alerts=view.open_alerts(None),
            cover=view.covers(None),
        )

    def _lying(self, from_ns: int, until_ns: int) -> list[Lying]:
        first = self._reader.first_seq_since(from_ns)
        end = self._reader.first_seq_since(until_ns + 1)
        if first is None:
            return []
        last = self._reader.last_seq if end is None else end - 1
        return list(self._reader.of_kinds(first, last, inputs=INPUTS, decisions=DECISIONS))

    def _one(self, lying: Lying, step_ns: int) -> None:
        if lying.kind == "TracksPublished":
            full = self._rows >= ROWS_MAX or len(self._out) >= MESSAGES_MAX
            if full or lying.t_ns - self._t_picture_ns < step_ns:
                self._left.thinned += 1
                return
        found = self._reader.read(lying)
        match found:
            case Event():
                self._event(found)
            case Erased():
                self._left.forgotten += 1
            case Dropped():
                self._left.dropped += 1
            case Damaged():
                self._left.damaged += 1

    def _event(self, event: Event) -> None:
        t_ns, view = event.t_recv_ns, self._view
        match event.body:
            case Alert() as alert:
                if view.take_alert(alert):
                    self._tell(t_ns, out.AlertOut(view.alert(alert)))
            case Sighting() as body:
                self._tell(t_ns, view.take_sighting(event, body))
            case SightingPlaced() as body:
                self._tell(t_ns, view.take_placed(body))
            case Reached() as body:
                self._tell(t_ns, view.take_reached(body))
            case CoverTold() as body:
                self._tell(t_ns, view.take_cover(body))
            case TracksPublished() as body:
                self._picture(t_ns, body)
            case SettingsApplied() as body:
                view.settings = body.settings
            case _:
                pass

    def _picture(self, t_ns: int, body: TracksPublished) -> None:
        self._t_picture_ns = t_ns
        self._view.take_tracks(body)
        tracks = tuple(t for t in self._view.tracks() if self._may_track(t))
        self._rows += len(tracks)
        span_ns = self._ask.until_ns - self._ask.from_ns
        self._step_ns = span_ns * len(tracks) // ROWS_MAX
        self._tell(t_ns, out.PictureOut(t_ns // 1_000_000, tracks, ()))

    def _may_track(self, track: out.TrackOut) -> bool:
        """Where patrols stood is not known any more: a drone over another agency's people is
        theirs if their alerts name it."""
        if not self._eyes.apart:
            return True
        about = [a for a in self._view.alerts.values() if track.track_id in a.track_ids]
        seen = (self._eyes.alert(self._viewer, self._view.alert(a)) for a in about)
        return not about or any(one is not None for one in seen)

    def _tell(self, t_ns: int, message: out.ToPage) -> None:
        seen = self._eyes.seen(self._viewer, message)
        if seen is not None and len(self._out) < MESSAGES_MAX:
            self._out.append((t_ns // 1_000_000, seen))
