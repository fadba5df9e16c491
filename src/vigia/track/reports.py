"""What a person's report says -> what we keep and measure of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from vigia.terms import Motion, Sense
from vigia.track import sense
from vigia.track.book import REPORTS_MAX, Book, Report
from vigia.track.frame import convergence, stand_of
from vigia.track.learn import BIAS_DRIFT, COMPASS_SIGMA, kalman

if TYPE_CHECKING:
    from vigia.events import Sighting
    from vigia.terms import Position

STAND_SIGMA_M = 15.0  # of a phone that states no accuracy
SIGMA_MIN = math.radians(5.0)  # no hand points better, whatever the compass says
SIGMA_MAX = math.pi
T_SIGMA_MAX_S = 30.0
T_SIGMA_S = 1.0
COMPASSES_MAX = 4_096  # people whose compass is known
TURN = 2.0 * math.pi


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
        report.z = measured(book, body, position)
    return report


def inherit(report: Report, base: Report, *, anew: bool) -> None:
    """An addition to a report whose track is gone: still of the first report's time and place."""
    report.t_obs_ns = base.t_obs_ns
    if base.z is None:
        report.z = None
    elif report.z is None or not anew:
        report.z = base.z
    else:
        report.z[sense.STAND_E : sense.IS_PLACE] = base.z[sense.STAND_E : sense.IS_PLACE]
    report.load, report.closing = report.load or base.load, report.closing or base.closing


def measured(book: Book, body: Sighting, position: Position) -> list[float]:
    """The bearing from where the person stands; without one, only the stand."""
    z = [math.nan] * sense.Z_N
    at = stand_of(book.site, position, sigma_m=STAND_SIGMA_M)
    z[sense.STAND_E], z[sense.STAND_N], z[sense.STAND_U], z[sense.STAND_S] = at
    t_sigma = body.t_sigma_s
    z[sense.TIME_S] = min(max(t_sigma, 0.0), T_SIGMA_MAX_S) if math.isfinite(t_sigma) else T_SIGMA_S
    z[sense.IS_PLACE] = 0.0
    z[sense.HEARD] = 0.0
    b = body.bearing
    if b is None:
        return z
    own = math.radians(book.settings.person_sigma_deg)
    sigma = max(math.radians(b.sigma_deg), SIGMA_MIN)
    el = math.nan if b.elevation_deg is None else math.radians(b.elevation_deg)
    el_sigma = own if b.elevation_sigma_deg is None else math.radians(b.elevation_sigma_deg)
    if body.sense is Sense.HEARD:
        z[sense.HEARD] = 1.0
        sigma = max(sigma, own)
    az = math.radians(b.azimuth_deg_true) - convergence(book.site, position.lon_deg)
    if body.person_id is not None:
        az -= book.memory.compass.get(body.person_id, (0.0, 0.0))[0]
    z[sense.AZ], z[sense.AZ_S] = az % TURN, min(sigma, SIGMA_MAX)
    z[sense.EL] = el if -0.5 * math.pi <= el <= 0.5 * math.pi else math.nan
    z[sense.EL_S] = min(max(el_sigma if el_sigma > 0.0 else own, SIGMA_MIN), SIGMA_MAX)
    return z


def learn_compass(book: Book, report: Report, off: float, var: float) -> None:
    """How much too large this person's azimuths are, against a track that others know. The
    report has been corrected by what was known before."""
    if report.person_id is None:
        return
    known = book.memory.compass.pop(report.person_id, (0.0, COMPASS_SIGMA**2))
    book.memory.compass[report.person_id] = kalman(
        known[0], known[1], off + known[0], var, BIAS_DRIFT
    )
    if len(book.memory.compass) > COMPASSES_MAX:
        del book.memory.compass[next(iter(book.memory.compass))]


def remember(book: Book, report: Report) -> None:
    reports = book.memory.reports
    reports[report.report_id] = report
    if len(reports) > REPORTS_MAX:
        del reports[next(iter(reports))]
