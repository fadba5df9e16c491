"""The clock: t_recv_ns never decreases, follows the wall, and leaves its jumps out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vigia.run.clock import STEP_NS, Clock

S = 10**9


class Hands:
    def __init__(self) -> None:
        self.wall_ns = 1_800_000_000 * S
        self.steady_ns = 5 * S

    def clock(self) -> Clock:
        return Clock(lambda: self.wall_ns, lambda: self.steady_ns)

    def run(self, wall_ns: int, steady_ns: int | None = None) -> None:
        self.wall_ns += wall_ns
        self.steady_ns += wall_ns if steady_ns is None else steady_ns


def test_it_is_the_wall_clock_while_nothing_jumps() -> None:
    hands = Hands()
    clock = hands.clock()
    for _ in range(100):
        hands.run(S // 10)
        assert clock.now_ns() == hands.wall_ns
    assert clock.stepped_ns() == 0


def test_slow_correction_is_followed_and_no_step() -> None:
    hands = Hands()
    clock = hands.clock()
    for _ in range(1_000):
        hands.run(S + 400_000, S)  # 400 ppm fast
        clock.now_ns()
    assert clock.stepped_ns() == 0
    assert clock.now_ns() == hands.wall_ns


def test_a_step_is_left_out_and_told_once() -> None:
    for step in (3600 * S, -3600 * S, STEP_NS + 1):
        hands = Hands()
        clock = hands.clock()
        before = clock.now_ns()
        hands.run(S + step, S)
        assert clock.now_ns() == before + S
        assert clock.stepped_ns() == step
        assert clock.stepped_ns() == 0
        assert clock.ahead_of_wall_ns == -step
        hands.run(S)
        assert clock.now_ns() == before + 2 * S


def test_it_never_goes_back_behind_the_journal() -> None:
    hands = Hands()
    clock = hands.clock()
    clock.not_before(hands.wall_ns + 60 * S)
    assert clock.now_ns() == hands.wall_ns + 60 * S
    assert clock.stepped_ns() == -60 * S
    hands.run(S)
    assert clock.now_ns() == hands.wall_ns + 60 * S
    clock.not_before(hands.wall_ns)
    assert clock.stepped_ns() == 0


@given(st.lists(st.tuples(st.integers(-10 * S, 10 * S), st.integers(0, 10 * S)), max_size=50))
def test_whatever_the_wall_does_time_does_not_go_back(moves: list[tuple[int, int]]) -> None:
    hands = Hands()
    clock = hands.clock()
    last = clock.now_ns()
    told = 0
    for wall, steady in moves:
        hands.run(wall, steady)
        now = clock.now_ns()
        assert now >= last
        last = now
        told += clock.stepped_ns()
    assert told == -clock.ahead_of_wall_ns


def test_the_real_clock_runs() -> None:
    clock = Clock()
    a = clock.now_ns()
    assert clock.now_ns() >= a > 1_700_000_000 * S
