import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomwire.comets.arena import COAST, HEIGHT, SPEED, WIDTH, Comet

places = st.builds(Comet, st.floats(0, WIDTH), st.floats(0, HEIGHT))
angles = st.floats(0, math.tau)
steps = st.lists(st.tuples(angles, st.floats(0.001, 0.5)), max_size=30)


@given(places, steps)
def test_a_comet_never_leaves_the_arena(comet: Comet, steps: list[tuple[float, float]]) -> None:
    for angle, dt in steps:
        comet.steer(math.cos(angle), math.sin(angle), dt)
        assert 0 <= comet.x <= WIDTH
        assert 0 <= comet.y <= HEIGHT
        assert math.hypot(comet.vx, comet.vy) <= SPEED * 1.01


def test_it_takes_up_the_direction_in_which_it_is_steered() -> None:
    comet = Comet(100, 100)
    for _ in range(20):
        comet.steer(1, 0, 0.1)
    assert comet.x > 100
    assert comet.vx == pytest.approx(SPEED, rel=0.01)
    assert comet.y == 100


def test_it_bounces_off_a_wall() -> None:
    comet = Comet(WIDTH - 1, 100, vx=400)
    comet.steer(1, 0, 0.1)
    assert comet.x == WIDTH
    assert comet.vx < 0


def test_a_pulse_pushes_away_who_is_near_and_nobody_else() -> None:
    near, far = Comet(150, 100), Comet(900, 100)
    for comet in (near, far):
        comet.push(away=Comet(100, 100))
    assert near.vx > 0
    assert (far.vx, far.vy) == (0, 0)


def test_who_stands_in_the_middle_of_a_pulse_is_not_torn_apart() -> None:
    comet = Comet(100, 100)
    comet.push(away=Comet(100, 100))
    assert (comet.vx, comet.vy) == (0, 0)


def test_an_unheard_comet_flies_on_for_a_while() -> None:
    comet = Comet(100, 100, vx=100, heard=10.0)
    assert comet.by(10.2).x == pytest.approx(120)
    assert comet.by(60.0).x == pytest.approx(100 + 100 * COAST)
    assert comet.by(9.0).x == 100
