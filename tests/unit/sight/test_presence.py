import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.sight.presence import Presence


def test_nobody_is_there_at_first():
    assert not Presence(60).present


def test_a_hand_that_shows_is_there_at_once():
    assert Presence(60).saw(True)


@given(st.sampled_from([15.0, 30.0, 60.0, 90.0, 120.0]))
def test_one_lost_frame_is_not_an_absence(rate_hz):
    presence = Presence(rate_hz)
    presence.saw(True)
    assert presence.saw(False)
    assert presence.doubted
    assert presence.saw(True)
    assert not presence.doubted


@pytest.mark.parametrize("rate_hz", [25.0, 30.0, 50.0, 60.0, 90.0, 120.0, 240.0])
def test_a_hand_that_left_is_absent_within_80_ms(rate_hz):
    presence = Presence(rate_hz)
    presence.saw(True)
    lost = 1
    while presence.saw(False):
        lost += 1
    assert lost >= 2
    assert lost / rate_hz <= 0.080 + 1e-9


def test_a_hand_known_to_be_gone_is_gone():
    presence = Presence(60)
    presence.saw(True)
    presence.leave()
    assert not presence.present
    assert not presence.doubted
