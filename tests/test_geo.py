"""Against PROJ, an independent source."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from vigia.geo import Site, angle_diff_deg, bearing_deg_true, compass_point

LAT, LON, ALT = 31.79, -106.75, 1200.0
SITE = Site(lat_deg=LAT, lon_deg=LON, alt_hae_m=ALT)
PROJ = Transformer.from_pipeline(
    f"+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=cart "
    f"+step +proj=topocentric +lon_0={LON} +lat_0={LAT} +h_0={ALT}"
)
near = st.floats(-0.2, 0.2)
heights = st.floats(-100.0, 9000.0)


@given(near, near, heights)
def test_enu_agrees_with_proj_to_a_millimetre(dlat: float, dlon: float, alt: float) -> None:
    got = SITE.to_enu(lat_deg=LAT + dlat, lon_deg=LON + dlon, alt_hae_m=alt)
    want = PROJ.transform(LON + dlon, LAT + dlat, alt)
    assert got == pytest.approx(want, abs=1e-3)


@given(st.floats(-89.9, 89.9), st.floats(-179.9, 179.9), near, near, heights)
def test_enu_and_back_is_the_same_point(
    lat: float, lon: float, dlat: float, dlon: float, alt: float
) -> None:
    site = Site(lat_deg=lat, lon_deg=lon, alt_hae_m=0.0)
    p = (min(max(lat + dlat, -90.0), 90.0), lon + dlon * 0.1, alt)
    there = site.to_enu(lat_deg=p[0], lon_deg=p[1], alt_hae_m=p[2])
    back = site.to_latlon(**there._asdict())
    # in metres, because near a pole a millimetre is many degrees of longitude
    assert site.to_enu(**back._asdict()) == pytest.approx(there, abs=1e-3)
    assert back.lat_deg == pytest.approx(p[0], abs=1e-8)
    assert back.alt_hae_m == pytest.approx(p[2], abs=1e-3)


def test_columns_agree_with_scalars_and_keep_nan() -> None:
    lat = np.array([LAT, LAT + 0.01, np.nan])
    lon = np.array([LON + 0.01, LON, LON])
    alt = np.array([ALT, ALT + 50, ALT])
    out = SITE.columns_to_enu(lat, lon, alt)
    for i in range(2):
        want = SITE.to_enu(lat_deg=lat[i], lon_deg=lon[i], alt_hae_m=alt[i])
        assert out[i] == pytest.approx(want, abs=1e-6)
    assert np.isnan(out[2]).all()


@pytest.mark.parametrize(
    ("e", "n", "b"), [(0, 1, 0), (1, 0, 90), (0, -1, 180), (-1, 0, 270), (0, 0, 0), (-1e-20, 1, 0)]
)
def test_bearings_turn_clockwise_from_north(e: float, n: float, b: float) -> None:
    assert bearing_deg_true(de_m=e, dn_m=n) == pytest.approx(b)
    assert 0.0 <= bearing_deg_true(de_m=e, dn_m=n) < 360.0


def test_compass_points_and_differences() -> None:
    assert [compass_point(b) for b in (0, 22.4, 22.6, 225, 359)] == ["n", "n", "ne", "sw", "n"]
    assert angle_diff_deg(10, 350) == 20
    assert angle_diff_deg(350, 10) == -20


def test_columns_go_back_as_single_points_do() -> None:
    enu = np.array([[0.0, 0.0, 0.0], [1200.5, -340.2, 55.0], [-80_000.0, 60_000.0, 9_000.0]])
    for site in (SITE, Site(lat_deg=-89.9, lon_deg=12.0, alt_hae_m=0.0)):
        rows = site.columns_to_latlon(enu)
        want = [site.to_latlon(e_m=e, n_m=n, u_m=u) for e, n, u in enu.tolist()]
        assert rows[:, :2] == pytest.approx(np.array(want)[:, :2], abs=1e-9)
        assert rows[:, 2] == pytest.approx(np.array(want)[:, 2], abs=1e-6)
        back = site.columns_to_enu(rows[:, 0], rows[:, 1], rows[:, 2])
        assert back == pytest.approx(enu, abs=1e-6)
