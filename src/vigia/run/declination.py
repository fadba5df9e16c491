"""A place and a time -> how far magnetic north lies east of true north."""

from __future__ import annotations

from functools import lru_cache

CELL_DEG = 0.25  # declination changes by some hundredths of a degree within it
_YEAR_S = 365.2425 * 86_400
_MODEL_YEARS = (2025.0, 2030.0)  # of WMM 2025; a little outside it is still better than nothing


def declination_deg(lat_deg: float, lon_deg: float, t_ns: int) -> float:
    """World Magnetic Model 2025 (NOAA, public domain), on the ground, of the middle of a cell."""
    year = 1970.0 + t_ns / 1e9 / _YEAR_S
    low, high = _MODEL_YEARS
    return _of_cell(
        round(lat_deg / CELL_DEG), round(lon_deg / CELL_DEG), round(min(max(year, low), high), 1)
    )


@lru_cache(maxsize=1_000)
def _of_cell(lat_cell: int, lon_cell: int, year: float) -> float:
    from pygeomag import GeoMag  # late: only the first compass bearing needs it

    lat = min(max(lat_cell * CELL_DEG, -89.9), 89.9)
    return (
        GeoMag(coefficients_file="wmm/WMM_2025.COF")
        .calculate(glat=lat, glon=lon_cell * CELL_DEG, alt=0, time=year)
        .d
    )
