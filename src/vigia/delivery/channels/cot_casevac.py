"""A casualty report -> CoT CASEVAC (b-r-f-h-c with _medevac_ and zMist) for a TAK endpoint.

Attribute names as ATAK writes them; what nobody has said is left out, never guessed.
"""

from __future__ import annotations

from vigia.records.casualty import Casualty, Urgency
from vigia.terms import Mark
from vigia.wire.cot import CotEvent, element, render

STALE_MS = 4 * 3600 * 1000
_SECURITY = {"no_enemy": "0", "possible": "1", "in_area": "2", "in_contact": "3"}
_MARKING = {"panels": "0", "pyro": "1", "smoke": "2", "none": "3", "other": "4"}
_OPEX = {Mark.ACTUAL: "o", Mark.EXERCISE: "e", Mark.DEMO: "s"}


def render_casevac(
    c: Casualty, casualty_id: str, *, mist: dict[str, str], title: str, remarks: str, mark: Mark
) -> bytes:
    """mist: texts by letter (casualty_text.mist). title, remarks: marked by the caller."""
    where = c.position
    event = CotEvent(
        uid=f"vigia.casualty.{casualty_id}",
        type="b-r-f-h-c",
        how="h-e" if mark is Mark.ACTUAL else "m-s",
        opex=_OPEX[mark],
        t_ns=c.t_last_ms * 1_000_000,
        t_start_ns=c.t_hit_ms * 1_000_000,
        t_stale_ns=(c.t_last_ms + (0 if c.closed or c.withdrawn else STALE_MS)) * 1_000_000,
        lat_deg=None if where is None else where.lat_deg,
        lon_deg=None if where is None else where.lon_deg,
        alt_hae_m=None if where is None else where.alt_hae_m,
        ce_m=None if where is None else where.sigma_m,
        callsign=title,
        remarks=remarks,
    )
    return render(event, element("_medevac_", _medevac(c, title), _mists(mist, title)))


def _medevac(c: Casualty, title: str) -> dict[str, str]:
    said = {"title": title, "casevac": "true", "freq": c.pickup.radio}
    n = c.patients
    if n is not None:
        if c.urgency is not None:
            said[c.urgency.value] = str(n)
        if c.litter is not None and c.litter <= n:
            said |= {"litter": str(c.litter), "ambulatory": str(n - c.litter)}
    elif c.urgency is Urgency.URGENT:
        said["urgent"] = "1"  # at least the one who was hit
    said["security"] = _SECURITY.get(c.pickup.security, "1" if c.second_drone else "")
    said["hlz_marking"] = _MARKING.get(c.pickup.marking, "")
    said["medline_remarks"] = c.pickup.terrain
    return {k: v for k, v in said.items() if v}


def _mists(mist: dict[str, str], title: str) -> str:
    said = {"title": title, **{k.lower(): v for k, v in mist.items()}}
    return element("zMistsMap", {}, element("zMist", said))
