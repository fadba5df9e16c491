"""What a person's report says -> what we keep and measure of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from vigia.scan import Flag
from vigia.terms import Motion, Sense
from vigia.track.book import REPORTS_MAX, Book, Report
from vigia.track.measure import NAN, TURN, Polar, Stand
from vigia.track.read import convergence, stand_of

if TYPE_CHECKING:
    from vigia.events import Sighting
    from vigia.terms import Position

STAND_SIGMA_M = 15.0  # of a phone that states no accuracy
SIGMA_MIN = math.radians(5.0)  # no hand points better, whatever the compass says


def new_report(book: Book, body: Sighting, t_recv_ns: int, position: Position | None) -> Report:
    t_obs = min(body.t_obs_ns, t_recv_ns)
    report = Report(
        report_id=body.report_id,
        person_id=body.person_id,
        witness=f"person/{body.person_id}" if body.person_id else "unknown",
        t_obs_ns=t_obs,
        t_recv_ns=t_recv_ns,
        track_id=None,
        load=body.load is True,
        closing=body.motion is Motion.TOWARDS_ME and body.person_id is not None,
    )
    if position is not None:
        t_sigma = min(max(body.t_sigma_s, 0.0), 30.0) if math.isfinite(body.t_sigma_s) else 1.0
        stand = stand_of(book.site, position, t_sigma_s=t_sigma, sigma_m=STAND_SIGMA_M)
        report.stand = stand
        report.polar = polar_of(book, body, t_obs, position)
    return report


def inherit(report: Report, base: Report, *, anew: bool) -> None:
    """An addition to a report whose track is gone: still of the first report's time and place."""
    report.t_obs_ns, report.stand = base.t_obs_ns, base.stand
    if not anew:
        report.polar = base.polar
    elif report.polar is not None:
        report.polar = report.polar._replace(t_ns=base.t_obs_ns)
    report.load, report.closing = report.load or base.load, report.closing or base.closing


def polar_of(book: Book, body: Sighting, t_obs_ns: int, position: Position) -> Polar | None:
    b = body.bearing
    if b is None:
        return None
    own = math.radians(book.settings.person_sigma_deg)
    sigma = max(math.radians(b.sigma_deg), SIGMA_MIN)
    el = NAN if b.elevation_deg is None else math.radians(b.elevation_deg)
    if not -0.5 * math.pi <= el <= 0.5 * math.pi:
        el = NAN
    el_sigma = own if b.elevation_sigma_deg is None else math.radians(b.elevation_sigma_deg)
    if not el_sigma > 0.0:
        el_sigma = own
    az = (math.radians(b.azimuth_deg_true) - convergence(book.site, position.lon_deg)) % TURN
    heard = int(Flag.HEARD) if body.sense is Sense.HEARD else 0
    if heard:
        sigma = max(sigma, own)
    el_sigma = max(el_sigma, SIGMA_MIN)
    return Polar(t_obs_ns, az, sigma, el, el_sigma, NAN, NAN, NAN, NAN, heard)


def measured(report: Report) -> tuple[Polar | None, Stand]:
    assert report.stand is not None
    return report.polar, report.stand


def remember(book: Book, report: Report) -> None:
    reports = book.memory.reports
    reports[report.report_id] = report
    if len(reports) > REPORTS_MAX:
        del reports[next(iter(reports))]
