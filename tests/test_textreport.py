"""What people write or say over radio, in English and Spanish, and what is made of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigia.terms import DroneKind, Motion, Position, Sense
from vigia.textreport.parse import Understood, facts, understand
from vigia.textreport.place import Named

ORIGIN = Position(31.79, -106.75, 1200.0)
MINE = Position(31.80, -106.74)
PLACES = (
    Named("12", "Post 12", Position(31.791, -106.746)),
    Named("1", "Post 1", Position(31.780, -106.700)),
    Named("river", "River Gate", Position(31.770, -106.760)),
    Named("norte", "Torre 3", Position(31.760, -106.770)),
    Named("cal", "El Calvario", Position(31.750, -106.780)),
)
M, F, H = DroneKind.MULTIROTOR, DroneKind.FIXED_WING, DroneKind.HELICOPTER
HOVER, MOVE, ME = Motion.HOVERING, Motion.MOVING, Motion.TOWARDS_ME

# text -> what must be in the answer; position "12" is that place's
GOLDEN: list[tuple[str, dict[str, Any]]] = [
    (
        "2 drones low NE of post 12 heading south carrying something",
        {
            "count": 2,
            "at": "12",
            "bearing": 45,
            "course": 180,
            "load": True,
            "motion": MOVE,
            "height": "low",
            "sense": Sense.SEEN,
        },
    ),
    ("two drones over Post 12", {"count": 2, "at": "12"}),
    ("Drone hovering above post 12", {"at": "12", "motion": HOVER}),
    ("one quadcopter at post 12 moving west", {"count": 1, "kind": M, "at": "12", "course": 270}),
    ("drone north of Post 12, going east", {"at": "12", "bearing": 0, "course": 90}),
    ("DRONE 500m SW OF POST 12", {"at": "12", "bearing": 225, "range": 500}),
    ("Hear a drone to the south of post 12", {"at": "12", "bearing": 180, "sense": Sense.HEARD}),
    (
        "buzzing, sounds like a drone, from the north",
        {"bearing": 0, "sense": Sense.HEARD, "at": "mine"},
    ),
    ("fpv drone coming at us from the west", {"kind": M, "motion": ME, "bearing": 270}),
    ("drone heading for us, low", {"motion": ME, "height": "low"}),
    ("uas inbound bearing 045 my position", {"motion": ME, "bearing": 45, "at": "mine"}),
    ("UAV azimuth 310 mag from post 1", {"bearing": 310, "magnetic": True, "at": "1"}),
    (
        "fixed wing drone, 300 ft high, flying north, tower 3",
        {"kind": F, "height": "91", "course": 0, "at": "norte"},
    ),
    ("helicopter south of post 12", {"kind": H, "bearing": 180, "at": "12"}),
    ("3x drones river gate", {"count": 3, "at": "river"}),
    ("drones x4 river gate northbound", {"count": 4, "at": "river", "course": 0}),
    (
        "SIZE: 3 ACTIVITY: drones circling LOCATION: Post 12 TIME: 1432Z EQUIPMENT: no payload",
        {"count": 3, "motion": HOVER, "at": "12", "zulu": 872, "load": False},
    ),
    (
        "S: 2 A: UAS flying east L: 13R CR 45246 18460 U: unknown T: 0905Z E: carrying package",
        {"count": 2, "course": 90, "place": "grid", "load": True, "zulu": 545},
    ),
    ("drone at 13RCR4524618460", {"place": "grid"}),
    ("drone grid CR 4524 1846 heading NW", {"place": "grid", "course": 315}),
    ("drone grid 452 184", {"place": "grid"}),
    ("Drone seen at 31.7912, -106.7461 moving SE", {"place": "coordinates", "course": 135}),
    ("drone 31.7912N 106.7461W", {"place": "coordinates", "lon": -106.7461}),
    ("drone here", {"at": "mine"}),
    ("spotted a small black drone over my location 5 min ago", {"at": "mine", "ago": 300}),
    ("drone dropped a grenade at post 12", {"attack": True, "at": "12", "load": True}),
    ("drone attack here", {"attack": True, "at": "mine"}),
    ("attack here post 12", {"attack": True, "at": "12"}),
    ("we are under attack by drones post 12", {"attack": True, "at": "12"}),
    (
        "Unmanned aircraft hovering, not carrying anything, gate river gate",
        {"load": False, "at": "river", "motion": HOVER},
    ),
    (
        "drone passing post 12 from the east towards the west",
        {"bearing": 90, "course": 270, "at": "12"},
    ),
    ("a pair of drones NNW of post 12", {"count": 2, "bearing": 337.5, "at": "12"}),
    ("drone northeast post 1", {"bearing": 45, "at": "1"}),
    ("mavic over p12", {"kind": M, "at": "12"}),
    ("drone near el calvario flying low and slow", {"at": "cal", "height": "low", "motion": MOVE}),
    # Spanish
    (
        "2 drones bajos al noreste del puesto 12 rumbo sur, llevan algo",
        {"count": 2, "at": "12", "bearing": 45, "course": 180, "load": True, "height": "low"},
    ),
    ("dos drones sobre el puesto 12", {"count": 2, "at": "12"}),
    ("un dron flotando encima del Puesto 12", {"count": 1, "at": "12", "motion": HOVER}),
    ("Dron al norte del puesto 12 va hacia el este", {"at": "12", "bearing": 0, "course": 90}),
    ("Veo un dron al SO del puesto 1", {"count": 1, "at": "1", "bearing": 225}),
    ("dron al NO de la torre 3", {"bearing": 315, "at": "norte"}),
    ("se oye un dron por el sur", {"count": 1, "sense": Sense.HEARD, "bearing": 180, "at": "mine"}),
    (
        "escuchamos zumbido de dron desde el oeste, mi posición",
        {"sense": Sense.HEARD, "bearing": 270, "at": "mine"},
    ),
    ("dron viene hacia nosotros", {"motion": ME, "at": "mine"}),
    ("dron se acerca desde el norte", {"motion": ME, "bearing": 0}),
    (
        "tres cuadricópteros, puesto doce, con dirección norte",
        {"count": 3, "kind": M, "at": "12", "course": 0},
    ),
    (
        "dron de ala fija, a 200 metros de altura, rumbo noroeste, torre 3",
        {"kind": F, "height": "200", "course": 315, "at": "norte"},
    ),
    ("dron lanzó una granada en el puesto 12", {"attack": True, "at": "12", "load": True}),
    ("ataque aquí", {"attack": True, "at": "mine"}),
    ("nos están atacando con drones, puesto 12", {"attack": True, "at": "12"}),
    ("dron a 300 m al este de El Calvario", {"range": 300, "bearing": 90, "at": "cal"}),
    ("hace 10 minutos vimos un dron en el puesto 1", {"count": 1, "ago": 600, "at": "1"}),
    ("dron cuadrícula 13R CR 4524 1846", {"place": "grid"}),
    ("Dron sin carga en 31.7912, -106.7461", {"load": False, "place": "coordinates"}),
    ("VANT cargado rumbo 180 puesto 12", {"load": True, "course": 180, "at": "12"}),
    ("dron estacionario acimut 90 mi posición", {"motion": HOVER, "bearing": 90, "at": "mine"}),
    ("DRON PUESTO 12 LLEVA UN PAQUETE", {"load": True, "at": "12"}),
    ("drones x2 rumbo al suroeste, reten 4, torre 3", {"count": 2, "course": 225, "at": "norte"}),
]

NO_REPORT = [
    ("no drones seen at post 12", "negated"),
    ("We do not see any drone", "negated"),
    ("it was not a drone, false alarm", "negated"),
    ("drone is gone", "negated"),
    ("our drone is over post 12", "negated"),
    ("radio test, drone over post 12", "negated"),
    ("sin drones en el puesto 12", "negated"),
    ("no hay drones", "negated"),
    ("falsa alarma, el dron era un ave", "negated"),
    ("dron propio sobre el puesto 1", "negated"),
    ("simulacro: dron en puesto 12", "negated"),
    ("any drones near post 12?", "question"),
    ("¿hay algún dron por ahí?", "question"),
    ("need water at post 12", "none"),
    ("todo tranquilo", "none"),
    ("", "none"),
    ("🚁", "none"),
    ("call me when you once have time", "none"),
]


def read(text: str) -> Understood:
    return understand(text, PLACES, origin=ORIGIN, mine=MINE)


@pytest.mark.parametrize(("text", "want"), GOLDEN)
def test_a_report_is_understood(text: str, want: dict[str, Any]) -> None:
    got = read(text)
    assert got.report, got
    at = got.place_id or got.place
    said = {
        "count": got.count,
        "kind": got.kind,
        "at": at,
        "place": got.place,
        "bearing": got.bearing and got.bearing.azimuth_deg_true,
        "course": got.course_deg_true,
        "load": got.load,
        "motion": got.motion,
        "height": got.height,
        "sense": got.sense,
        "range": got.range_m,
        "magnetic": got.magnetic,
        "zulu": got.zulu_min,
        "ago": got.ago_s,
        "attack": got.attack,
        "lon": got.position and got.position.lon_deg,
    }
    assert {key: said[key] for key in want} == want
    if "attack" not in want:
        assert not got.attack
    if "bearing" not in want:
        assert got.bearing is None, "no direction is made up"
    if "load" not in want:
        assert got.load is None
    if "count" not in want:
        assert got.count is None
    assert facts(got)


@pytest.mark.parametrize(("text", "why"), NO_REPORT)
def test_what_is_no_report_of_a_drone_says_why(text: str, why: str) -> None:
    got = read(text)
    assert (got.report, got.why_not, got.attack) == (False, why, False)


def test_grids_of_every_precision_mean_the_same_place() -> None:
    whole = read("drone 13RCR4524618460").position
    assert whole is not None
    assert whole.sigma_m == 10.0
    for text in (
        "drone 13R CR 4524 1846",
        "drone 13r cr 452 184",
        "drone CR 45246 18460",
        "drone grid 4524618460",
        "dron cuadricula 4524 1846",
    ):
        got = read(text).position
        assert got is not None, text
        assert abs(got.lat_deg - whole.lat_deg) < 0.002, text
        assert abs(got.lon_deg - whole.lon_deg) < 0.002, text


def test_a_grid_far_from_the_site_needs_its_zone() -> None:
    assert read("drone grid ZZ 1234 5678").place != "grid"
    far = read("drone 56H LH 33000 52000").position
    assert far is not None
    assert far.lat_deg == pytest.approx(-33.87, abs=0.1)


def test_without_a_place_and_without_knowing_the_sender_the_place_is_missing() -> None:
    got = understand("drone heading south", PLACES, origin=ORIGIN)
    assert got.report
    assert got.place is None
    assert got.position is None


def test_the_longer_name_wins_and_post_1_is_not_post_12() -> None:
    assert read("drone at post 12").place_id == "12"
    assert read("drone at post 1").place_id == "1"
    assert read("drone at post 123").place == "mine"
    assert read("drone post12").place_id == "12"
    assert read("drone Post #12").place_id == "12"


SAID = """drone dron 2 dos post puesto 12 north norte NE of del heading rumbo hacia sur carrying
lleva nothing nada 13R CR 4524 1846 hover . , : ; ? not no sin 500 m ft 31.79 -106.75 mi posicion
attack here ataque aqui 045 bearing az mag low bajo x3 1432z hace 5 min ago é ñ 🚁"""
WORDS = st.sampled_from(SAID.split())


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=300) | st.lists(WORDS, max_size=25).map(" ".join))
def test_no_text_raises_and_what_is_said_is_within_bounds(text: str) -> None:
    got = read(text)
    assert got.report == (got.why_not is None)
    assert got.report or not got.attack
    assert got.count is None or 1 <= got.count <= 99
    assert got.course_deg_true is None or 0 <= got.course_deg_true < 360
    assert read(text) == got
    facts(got)


@settings(deadline=None, max_examples=50)
@given(st.integers(3_000, 200_000))
def test_long_text_takes_no_long_time(size: int) -> None:
    import time

    begin = time.process_time()
    for piece in ("drone ", "a", "13R CR ", "no ", "1 ", "hacia el "):
        read((piece * size)[:size])
    assert time.process_time() - begin < 2.0
