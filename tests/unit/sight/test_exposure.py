"""When the light is locked and when it is measured anew, with frames and with numbers."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.sight.exposure import LightKeeper, Order, flicker_free, hand_luma, room_luma

RATE_HZ = 30.0


class Room:
    """A room whose light the test sets, and a keeper that watches it at 30 frames a second."""

    def __init__(self) -> None:
        self.keeper = LightKeeper()
        self.t_s = 0.0
        self.orders: list[tuple[float, Order]] = []

    def pass_time(
        self,
        seconds: float,
        room: float | Callable[[float], float] = 100.0,
        hand: float | None = None,
        *,
        in_: bool = True,
    ) -> None:
        until_s = self.t_s + seconds
        while self.t_s < until_s:
            luma = room(self.t_s) if callable(room) else room
            order = self.keeper.saw(self.t_s, luma, hand, counted_in=in_)
            if order:
                self.orders.append((round(self.t_s, 1), order))
            self.t_s += 1 / RATE_HZ

    @property
    def told(self) -> list[Order]:
        return [order for _, order in self.orders]


def test_the_light_is_free_during_the_count_in_and_locked_right_after_it() -> None:
    room = Room()
    room.pass_time(3.0, in_=False)
    assert room.told == []
    room.pass_time(1.0)
    assert room.orders == [(3.0, Order.LOCK)]
    assert room.keeper.locked


def test_a_picture_that_does_not_stand_still_is_locked_after_two_seconds() -> None:
    room = Room()
    room.pass_time(1.0, lambda t: 100 + 30 * np.sin(9 * t), in_=False)
    room.pass_time(3.0, lambda t: 100 + 30 * np.sin(9 * t))
    assert room.told[0] is Order.LOCK
    assert room.orders[0][0] == pytest.approx(3.0, abs=0.2)


def test_without_a_change_of_light_nothing_is_told_for_ten_minutes() -> None:
    room = Room()
    noise = np.random.default_rng(1)
    room.pass_time(600, lambda _: 100 + float(noise.normal(0, 2)), hand=150.0)
    assert room.told == [Order.LOCK]


@pytest.mark.parametrize("luma", [40.0, 190.0])
def test_a_lamp_switched_without_a_hand_in_view_is_measured_after_a_second_and_locked_again(luma: float) -> None:
    room = Room()
    room.pass_time(8.0)
    switched_s = room.t_s
    room.pass_time(5.0, luma)
    assert room.told == [Order.LOCK, Order.FREE, Order.LOCK]
    assert room.orders[1][0] == pytest.approx(switched_s + 1.0, abs=0.2)


def test_a_shadow_of_half_a_second_changes_nothing() -> None:
    room = Room()
    room.pass_time(8.0)
    for _ in range(5):
        room.pass_time(0.5, 30.0)
        room.pass_time(0.5)
    assert room.told == [Order.LOCK]


def test_while_a_hand_can_be_seen_well_nothing_is_changed_whatever_the_room_does() -> None:
    room = Room()
    room.pass_time(8.0, hand=150.0)
    room.pass_time(20.0, 30.0, hand=140.0)
    room.pass_time(20.0, 220.0, hand=170.0)
    assert room.told == [Order.LOCK]


@pytest.mark.parametrize("hand", [15.0, 245.0])
def test_a_hand_about_to_drown_is_reason_enough(hand: float) -> None:
    room = Room()
    room.pass_time(8.0, hand=120.0)
    room.pass_time(5.0, 60.0, hand=hand)
    assert room.told[:2] == [Order.LOCK, Order.FREE]
    assert room.told[-1] is Order.LOCK


def test_a_dark_hand_in_dim_light_from_the_beginning_is_no_reason() -> None:
    room = Room()
    room.pass_time(60.0, 25.0, hand=24.0)
    assert room.told == [Order.LOCK]


def test_a_lock_that_changes_the_picture_is_undone_and_after_the_second_time_left_alone() -> None:
    room = Room()
    for _ in range(3):
        room.pass_time(0.55)
        room.pass_time(0.6, 25.0)
    room.pass_time(60.0)
    assert room.told == [Order.LOCK, Order.FREE, Order.LOCK, Order.FREE]
    assert not room.keeper.locked


def test_a_disco_is_not_followed_beat_by_beat() -> None:
    room = Room()
    room.pass_time(60.0, lambda t: 40.0 if int(t / 1.6) % 2 else 160.0)
    freed = [t for t, order in room.orders if order is Order.FREE]
    assert 0 < len(freed) <= 20, "of 37 beats"


def frame(room: int, hand: int | None = None, side: int = 60) -> np.ndarray:
    i420 = np.full((360, 320), 128, np.uint8)
    i420[:240] = room
    if hand is not None:
        i420[100 : 100 + side, 150 : 150 + side] = hand
    return i420


def test_a_near_hand_hardly_changes_the_rooms_luma_and_has_its_own() -> None:
    assert room_luma(frame(90)) == 90
    assert room_luma(frame(90, 200, side=110)) == 90
    assert hand_luma(frame(90, 200), (150 + 30) / 320, (100 + 30) / 240, 3600 / 76_800) == 200
    assert 0 <= hand_luma(frame(90), 1.0, 1.0, 1.0) <= 255, "a hand at the very edge"


@pytest.mark.parametrize(
    ("exposure_us", "gain", "mains_hz", "becomes"),
    [
        (9_300, 2.0, 50, (10_000, 1.86)),
        (14_000, 1.5, 50, (10_000, 2.1)),
        (14_000, 1.5, 60, (16_666.7, 1.26)),
        (8_000, 1.0, 60, (8_000, 1.0)),  # 8.33 ms would be too bright at the least gain
        (3_000, 1.0, 50, (3_000, 1.0)),  # sunlight
        (3_000, 4.0, 50, (10_000, 1.2)),
        (12_000, 2.0, 0, (12_000, 2.0)),
    ],
)
def test_an_exposure_becomes_a_whole_number_of_the_lamps_half_waves(
    exposure_us: float, gain: float, mains_hz: float, becomes: tuple[float, float]
) -> None:
    found = flicker_free(exposure_us, gain, mains_hz, longest_us=1e6 / 60, gains=(1.0, 8.0))
    assert found == pytest.approx(becomes, rel=1e-4)


@given(st.floats(50, 40_000), st.floats(1, 16), st.sampled_from((50, 60)), st.floats(5, 240))
def test_the_light_is_the_same_and_the_frame_not_exceeded(
    exposure_us: float, gain: float, mains_hz: int, rate_hz: float
) -> None:
    longest_us = 1e6 / rate_hz
    exposure_us = min(exposure_us, longest_us)
    found_us, found_gain = flicker_free(exposure_us, gain, mains_hz, longest_us=longest_us, gains=(1.0, 16.0))
    assert found_us * found_gain == pytest.approx(exposure_us * gain)
    assert found_us <= longest_us * (1 + 1e-6)
    assert 1.0 <= found_gain <= 16.0
