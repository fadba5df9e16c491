"""Authorised flights: what agrees in all is hushed below DANGER, a claim alone never."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from gateway_world import run, until, world
from test_alert_policy import Desk, threat
from test_flow import ORIGIN, T0, S, Shell, alerts
from threat_world import track
from vigia.alert.flights import authorise, authorised
from vigia.alert.state import AlertState
from vigia.events import Fault, Undone
from vigia.events_flight import FlightAuthorised
from vigia.terms import Identity, Role, Tier
from vigia.tracktable import TrackFlag

HOUR = 3600 * S
FLIGHT = FlightAuthorised(
    flight_id="f1",
    by_person_id="w",
    serial="1581F0001",
    t_from_ns=T0,
    t_until_ns=T0 + HOUR,
    center=ORIGIN,
    radius_m=500.0,
    ceiling_m=120.0,
    whose="Sheriff's search",
)


def seen(**more: object) -> np.ndarray:
    row = track(100.0, 200.0, up_m=60.0)
    row["serial"], row["witnesses"] = b"1581F0001", 2
    for name, value in more.items():
        row[name] = value
    return row


def hushed(row: np.ndarray, flight: FlightAuthorised = FLIGHT, t_ns: int = T0 + S) -> bool:
    state = AlertState()
    assert authorise(state, flight, min(t_ns, flight.t_until_ns - 1)) is None
    return bool(authorised(state, row, lambda _: (0.0, 0.0), t_ns))


def test_time_place_height_serial_and_a_second_witness_must_agree() -> None:
    assert hushed(seen())
    assert not hushed(seen(serial=b"1581F0002"))
    assert not hushed(seen(witnesses=1))  # only the receiver that heard the claim
    assert not hushed(seen(), replace(FLIGHT, radius_m=200.0))
    assert not hushed(seen(), replace(FLIGHT, ceiling_m=50.0))
    assert hushed(seen(), replace(FLIGHT, ceiling_m=None))
    assert not hushed(seen(), t_ns=FLIGHT.t_until_ns)
    assert not hushed(seen(), replace(FLIGHT, t_from_ns=T0 + 60 * S))


@pytest.mark.parametrize(
    "flag", [TrackFlag.ID_CONFLICT, TrackFlag.LOAD, TrackFlag.CLOSING, TrackFlag.WEAK]
)
def test_whatever_speaks_against_it_ends_the_hush(flag: TrackFlag) -> None:
    assert not hushed(seen(flags=int(flag)))


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"t_until_ns": T0 - S}, "over before"),
        ({"t_until_ns": T0 + 13 * HOUR}, "12 h"),
        ({"radius_m": 20_000.0}, "radius"),
        ({"ceiling_m": -1.0}, "ceiling"),
        ({"serial": "x"}, "serial"),
    ],
)
def test_what_would_hush_too_much_is_refused(more: dict[str, object], word: str) -> None:
    refused = authorise(AlertState(), replace(FLIGHT, **more), T0)
    assert refused is not None
    assert word in refused


def test_below_danger_it_warns_nobody_and_danger_is_told() -> None:
    vouched = frozenset({threat(Tier.WARNING, 0.0).track_id})
    desk = Desk()
    assert desk.at(0, threat(Tier.WARNING, 0.0), authorised=vouched) == []
    [danger] = desk.at(1, threat(Tier.DANGER, 1.0), authorised=vouched)
    assert danger.tier is Tier.DANGER
    assert danger.identity is Identity.ASSUMED_FRIEND
    again = desk.at(2, threat(Tier.WARNING, 2.0), authorised=vouched)
    assert all(a.tier is Tier.DANGER for a in again)  # what is in an alert stays in it


def test_a_claim_alone_hushes_nothing_and_only_a_watch_officer_vouches() -> None:
    """One receiver hears the serial, nobody sees the drone: as if nothing had been authorised."""
    plain, shell = Shell(), Shell()
    for one in (plain, shell):
        one.people()
    [fault] = [b for b in shell.at(0.5, replace(FLIGHT, by_person_id="a")) if isinstance(b, Fault)]
    assert "not a watch officer" in fault.what
    wide = replace(FLIGHT, serial="SERIAL1", radius_m=5_000.0, ceiling_m=None)
    assert not [b for b in shell.at(0.6, wide) if isinstance(b, Fault)]
    plain.at(0.6, replace(wide, flight_id="other", serial="nobody"))
    for one in (plain, shell):
        one.approach(1, 20)
    found = [[a.tier for a in alerts(e.body for e in one.out)] for one in (plain, shell)]
    assert found[0] == found[1] != []
    over = Undone(order_id="f1", by_person_id="w", reason="landed")
    assert not [b for b in shell.at(21, over) if isinstance(b, Fault)]
    assert shell.watch.state.alerts.flights == {}


def test_a_flight_is_authorised_listed_and_ended_over_http(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            boss = await w.enrolled(Role.WATCH_OFFICER, "boss")
            now_ms = w.gateway.now_ms()
            body = {
                "serial": "1581F0001", "from_ms": now_ms, "until_ms": now_ms + 3_600_000,
                "lat_deg": 31.79, "lon_deg": -106.75, "radius_m": 500, "reason": "search",
                "whose": "Sheriff",
            }  # fmt: skip
            made = (await boss.http.post("/api/v1/flights", json=body)).json()
            await until(lambda: w.watch.bodies(FlightAuthorised))
            [row] = (await boss.http.get("/api/v1/flights")).json()["flights"]
            assert (row["flight_id"], row["whose"], row["by"]) == (
                made["flight_id"], "Sheriff", boss_name(w),
            )  # fmt: skip
            end = f"/api/v1/orders/{made['flight_id']}/undo"
            assert (await boss.http.post(end, json={"reason": "landed"})).status_code == 200
            assert (await boss.http.get("/api/v1/flights")).json() == {"flights": []}
            bad = await boss.http.post("/api/v1/flights", json=body | {"radius_m": 50_000})
            assert bad.status_code == 400

    run(go)


def boss_name(w: object) -> str:
    return w.gateway.view.people["boss"].name  # type: ignore[attr-defined]
