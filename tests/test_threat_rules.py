"""Who is no threat, who is more of one, who leaves; and what the book of targets holds."""

from __future__ import annotations

import numpy as np
import pytest

from threat_world import POLICY, at, track
from vigia.events import CoreSettings, PersonAdded, PersonMoved, Post
from vigia.geo import Site
from vigia.roster import Roster
from vigia.terms import Mark, Position, Role, Tier, TrackStatus
from vigia.threat.assess import assess
from vigia.threat.targets import TargetBook, target_table
from vigia.tracktable import CLASSES, Fix, TrackFlag

OWN = CLASSES.index("own")
HERE = at((0.0, 0.0))
F = TrackFlag


def p_of(**what: object) -> float:
    """Of a drone 400 m away that comes straight."""
    found = assess(track(0.0, 400.0, vn=-15.0, **what), HERE, POLICY)  # type: ignore[arg-type]
    return found[0].p_hit if found else 0.0


def test_our_own_drone_is_no_threat_where_two_sources_agree() -> None:
    assert p_of(cls=OWN, witnesses=2) == 0.0


@pytest.mark.parametrize("flags", [F.ID_CONFLICT, F.LOAD, F.CLOSING, F.WEAK])
def test_our_own_serial_on_a_drone_that_does_not_behave_like_ours_is_no_friend(
    flags: TrackFlag,
) -> None:
    assert p_of(cls=OWN, witnesses=2, flags=flags) > 0.2


def test_a_broadcast_alone_makes_no_friend() -> None:
    assert p_of(cls=OWN, witnesses=1) == p_of(cls=0, witnesses=1)
    assert p_of(cls=OWN, witnesses=2, status=TrackStatus.POSSIBLE) > 0.2
    assert p_of(cls=OWN, witnesses=2, fix=Fix.SECTOR) > 0.2


def test_remote_id_alone_discounts_nothing() -> None:
    row = track(0.0, 400.0, vn=-15.0)
    named = row.copy()
    named["serial"] = b"1581F4FEYZ"
    assert assess(named, HERE, POLICY) == assess(row, HERE, POLICY)


def test_an_address_of_an_aircraft_on_what_flies_like_a_drone_is_not_believed() -> None:
    said = p_of(flags=F.AIRCRAFT, p_drone=0.02)
    assert 0.5 * p_of() < said < p_of()


def test_an_aircraft_that_flies_like_one_threatens_nobody() -> None:
    row = track(0.0, 1_500.0, vn=-60.0, up_m=400.0, flags=F.AIRCRAFT, p_drone=0.02)
    assert assess(row, HERE, POLICY) == []
    row["flags"] = F.AIRCRAFT | F.EMERGENCY
    assert assess(row, HERE, POLICY) == []


def test_a_conflicting_identity_counts_as_a_drone_and_raises_suspicion() -> None:
    assert p_of(flags=F.ID_CONFLICT) > p_of() + 0.02
    assert p_of(flags=F.ID_CONFLICT, p_drone=0.02) > 0.2
    assert p_of(p_drone=0.02) == 0.0


def test_the_less_it_seems_a_drone_the_less_it_threatens() -> None:
    p = [p_of(p_drone=d) for d in (0.2, 0.4, 0.6, 0.8, 1.0)]
    assert p == sorted(p)


def test_what_is_above_somebody_has_arrived_at_whatever_height() -> None:
    for up_m in (5.0, 80.0, 300.0):  # a grenade falls
        [t] = assess(track(5.0, 10.0, up_m=up_m, sigma_m=3.0), HERE, POLICY)
        assert t.tier is Tier.DANGER
        assert t.p10_s == 0.0


def test_who_passes_or_circles_at_a_distance_is_no_danger() -> None:
    passing = track(250.0, 400.0, vn=-15.0)  # 250 m to the side
    circling = track(0.0, 300.0, ve=10.0)
    for row in (passing, circling):
        assert assess(row, HERE, POLICY)[0].tier < Tier.DANGER


def test_who_flies_at_one_is_no_danger_to_who_stands_aside() -> None:
    one, aside = (0.0, 0.0), (300.0, 100.0)
    tiers = {
        t.target_id: t.tier
        for t in assess(track(0, 180, vn=-15, sigma_m=3), at(one, aside), POLICY)
    }
    assert tiers["person/p0"] is Tier.DANGER
    assert tiers["person/p1"] < Tier.DANGER


def test_leaving_is_said_of_a_confirmed_and_well_placed_track_alone() -> None:
    def leaves(vn: float = 15.0, **what: object) -> bool:
        return assess(track(0, 600, vn=vn, **what), HERE, POLICY)[0].departing  # type: ignore[arg-type]

    assert leaves()
    assert not leaves(vn=-15.0)
    assert not leaves(vn=1.0)
    assert not leaves(sigma_m=90.0)
    assert not leaves(sigma_v=10.0)
    assert not leaves(status=TrackStatus.POSSIBLE)
    assert not leaves(fix=Fix.SECTOR)
    assert not leaves(flags=F.COASTING)
    assert not leaves(flags=F.WEAK)


def test_a_threat_says_how_well_founded_it_is() -> None:
    [t] = assess(track(0, 400, witnesses=3), HERE, POLICY)
    assert (t.witnesses, t.weak) == (3, False)
    assert assess(track(0, 400, flags=F.WEAK), HERE, POLICY)[0].weak
    assert assess(track(0, 400, status=TrackStatus.POSSIBLE), HERE, POLICY)[0].weak


def test_a_word_points_at_who_said_it_and_not_at_others() -> None:
    """ "Towards me", seen in the north, of a drone of which nothing else is known."""
    row = track(0, 300, sigma_v=11.0, status=TrackStatus.POSSIBLE, fix=Fix.SECTOR,
                flags=F.CLOSING | F.HUMAN)  # fmt: skip
    row["cov"][0, :2, :2] = np.diag([60.0**2, 250.0**2])
    row["azimuth_deg_true"], row["azimuth_sigma_deg"] = 0.0, 12.0
    found = {t.target_id: t for t in assess(row, at((0.0, 0.0), (500.0, 300.0)), POLICY)}
    assert found["person/p0"].tier is Tier.DANGER
    assert found["person/p1"].tier < Tier.DANGER
    assert found["person/p0"].p_hit > 1.5 * found["person/p1"].p_hit
    assert found["person/p0"].p90_s is not None
    assert found["person/p0"].p10_s is not None
    assert found["person/p0"].p90_s - found["person/p0"].p10_s > 30.0


def test_the_vaguer_somebodys_place_the_earlier_and_the_less_surely_it_comes() -> None:
    row = track(0.0, 500.0, vn=-15.0)
    found = [assess(row, at((0.0, 0.0), sigma_m=s), POLICY)[0] for s in (5.0, 60.0, 200.0)]
    assert [t.earliest_s for t in found] == sorted((t.earliest_s for t in found), reverse=True)
    assert [t.p_hit for t in found] == sorted((t.p_hit for t in found), reverse=True)


# ---- the book ------------------------------------------------------------------------------------

S = 10**9
ORIGIN = Position(31.79, -106.75, 1200.0)
SETTINGS = CoreSettings(
    mode=Mark.DEMO, origin=ORIGIN, posts=(Post(post_id="12", name="Post 12", position=ORIGIN),)
)
SITE = Site(lat_deg=31.79, lon_deg=-106.75, alt_hae_m=1200.0)


def moved(person_id: str, t_ns: int, north_deg: float) -> PersonMoved:
    there = Position(31.79 + north_deg, -106.75, None, 8.0)
    return PersonMoved(person_id=person_id, t_obs_ns=t_ns, position=there)


def test_the_book_says_what_a_fresh_table_says() -> None:
    roster, book = Roster(), TargetBook(SETTINGS, SITE)
    rng = np.random.default_rng(8)

    def check(t_ns: int) -> None:
        for kept, fresh in zip(
            book.table(roster, t_ns), target_table(SETTINGS, roster, SITE, t_ns), strict=True
        ):
            np.testing.assert_array_equal(kept, fresh)

    check(0)
    for k in range(60):
        person = f"p{rng.integers(6)}"
        post = "12" if rng.random() < 0.5 else None
        match rng.integers(4):
            case 0:
                roster.admit(PersonAdded(person_id=person, name="", agency_id="a",
                                         role=Role.AGENT, post_id=post))  # fmt: skip
            case 1 | 2:
                roster.move(moved(person, k * S, float(rng.normal(0.0, 0.01))))
            case _:
                roster.forget(person)
        check(k * S)
        check(k * S + S // 3)


def test_the_book_forgets_with_the_roster() -> None:
    roster, book = Roster(), TargetBook(SETTINGS, SITE)
    roster.admit(PersonAdded(person_id="a", name="", agency_id="a", role=Role.AGENT))
    roster.move(moved("a", 0, 0.01))
    assert book.table(roster, S).target_ids == ["post/12", "person/a"]
    roster.forget("a")
    assert book.table(roster, S).target_ids == ["post/12"]
    assert book._known is not None
    assert book._known.spots == []
    assert len(book._known.places) == 1
