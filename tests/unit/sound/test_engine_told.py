"""What the count-in decides, as the engine takes it: the ages it tells, a new D and a new reach without a click."""

import numpy as np
import pytest

from firmware_py._ring import Cell
from firmware_py.hand_sample import HAND_SAMPLE, Flag
from firmware_py.lanes import ARRIVALS
from firmware_py.music.curve import curve_of
from firmware_py.music.delay import DelayMove
from firmware_py.music.mapping import Mapping

from .conftest import DELAY_NS, PLAIN, T0_NS
from .test_engine import RATE_HZ, SECOND_NS, Desk, aligned, largest_step, pitch_of, rms_db, slope_of_sine

FRAME_NS = SECOND_NS // 60


class Watched(Desk):
    """A live engine that tells the ages of its samples."""

    def __init__(self):
        size = ARRIVALS.itemsize
        self.arrivals = Cell(aligned(Cell.bytes_needed(size)), record_bytes=size, create=True)
        super().__init__(live=True, arrivals=self.arrivals)
        self.seen = []

    def see(self, t_capture_ns, flags=Flag.PRESENT, pitch=69.0):
        sample = np.zeros((), HAND_SAMPLE)
        sample["t_capture_ns"], sample["flags"] = t_capture_ns, flags
        sample["hands"][0] = (PLAIN.area_of(pitch), 0.5, 0.0, 0.5, 1.0)
        self.hands.push(sample.tobytes())
        self.seen.append(sample)

    def ages_us(self):
        told = np.frombuffer(self.arrivals.read(), ARRIVALS)[0]
        return told["age_us"][: int(told["count"])].tolist(), told["interval_us"][: int(told["count"])].tolist()


@pytest.mark.parametrize("t0_ns", [0, T0_NS])
def test_a_samples_age_is_from_its_capture_to_the_first_frame_heard_after_it_came(t0_ns):
    desk = Watched()
    desk.want(t0_ns=t0_ns)
    desk.live(128 / RATE_HZ, at_ns=T0_NS)
    for n in range(4):
        desk.see(T0_NS + n * FRAME_NS)
        desk.live(128 / RATE_HZ, at_ns=T0_NS + n * FRAME_NS + 9_000_000 + n * 1_000_000)
    assert desk.ages_us() == ([10_000, 11_000, 12_000], [FRAME_NS // 1000] * 3)


def test_what_is_no_picture_or_of_another_clock_has_no_age():
    desk = Watched()
    desk.live(128 / RATE_HZ, at_ns=T0_NS)
    for t_ns, flags in (
        (T0_NS, Flag.PRESENT),
        (T0_NS + FRAME_NS // 4, Flag.CAMERA_LOST),
        (T0_NS + FRAME_NS // 2, Flag.ENDED),
        (T0_NS - FRAME_NS, Flag.PRESENT),
        (T0_NS - 3 * SECOND_NS, Flag.PRESENT),
        (T0_NS + 3 * SECOND_NS, Flag.PRESENT),
        (2**64 - 1, Flag.PRESENT),
        (0, Flag.PRESENT),
        (T0_NS + FRAME_NS, Flag(0)),
    ):
        desk.see(t_ns, flags)
    desk.live(128 / RATE_HZ, at_ns=T0_NS + 20_000_000)
    assert desk.ages_us() == ([3333], [FRAME_NS // 1000])


def test_no_age_is_taken_once_the_delay_is_told():
    desk = Watched()
    desk.want(delay_us=30_000)
    desk.live(128 / RATE_HZ, at_ns=T0_NS)
    for n in range(4):
        desk.see(T0_NS + n * FRAME_NS)
        desk.live(128 / RATE_HZ, at_ns=T0_NS + n * FRAME_NS + 9_000_000)
    assert desk.arrivals.writes == 0


def test_samples_wait_in_the_ring_for_their_time_though_their_ages_were_taken(hand_samples, sound_of):
    samples = hand_samples([60.0 + n % 12 for n in range(60)])
    desk = Watched()
    desk.want(t0_ns=T0_NS, stop_ns=T0_NS + SECOND_NS)
    desk.push(samples)
    assert desk.live(1.0, at_ns=T0_NS, block=96).tobytes() == sound_of(samples).tobytes()


def test_a_delay_told_before_anything_sounds_is_taken_at_once_and_by_a_process_that_comes_back_too():
    for _ in range(2):
        desk = Watched()
        desk.want(t0_ns=T0_NS, delay_us=31_415)
        desk.live(128 / RATE_HZ, at_ns=T0_NS + SECOND_NS)
        assert desk.engine.delay_ns == 31_415_000


@pytest.mark.parametrize("delay_us", [15_000, 35_000, 200_000])
def test_a_delay_told_while_a_hand_sounds_is_moved_to_without_a_click_or_a_late_sample(delay_us):
    desk = Watched()
    desk.want(t0_ns=T0_NS)
    heard = []
    for n in range(90):  # a hand that glides up and down all along, seen 60 times a second
        at_ns = T0_NS + n * FRAME_NS
        desk.see(at_ns, pitch=66.0 + 6.0 * np.sin(n / 5))
        if n == 20:
            desk.want(delay_us=delay_us)
        before_ns = desk.engine.delay_ns
        heard.append(desk.live(800 / RATE_HZ, at_ns=T0_NS + n * 800 * SECOND_NS // RATE_HZ, block=32))
        assert abs(desk.engine.delay_ns - before_ns) <= FRAME_NS // 2 + 1000, "time made a leap"
    assert desk.engine.delay_ns == delay_us * 1000
    assert desk.engine.late_samples == 0
    sound = np.concatenate(heard)[RATE_HZ // 5 :]
    assert largest_step(sound) <= slope_of_sine(72) * 1.05 + 2 / 32768
    assert rms_db(sound) > -17, "it fell silent meanwhile"


def test_the_curve_follows_a_move_of_the_delay_to_the_last_bit():
    desk = Watched()
    desk.want(t0_ns=T0_NS, delay_us=30_000)
    pitches, at = [], 0
    for n in range(80):  # a block is a tick, so what is told after each is one value of the curve
        desk.see(T0_NS - 10_000_000 + n * FRAME_NS, pitch=66.0 + 6.0 * np.sin(n / 5))
        if n == 40:
            desk.want(delay_us=38_000)
            move = DelayMove(at / RATE_HZ, 0.030, 0.038)
        for _ in range(25):
            desk.live(32 / RATE_HZ, at_ns=T0_NS + at * SECOND_NS // RATE_HZ, block=32)
            pitches.append(desk.told()["pitch"])
            at += 32
    assert desk.engine.late_samples == 0
    found = curve_of(
        np.array(desk.seen),
        PLAIN,
        t0_ns=T0_NS,
        delay_s=0.030,
        delay_moves=(move,),
        seconds=at / RATE_HZ,
        rate_hz=RATE_HZ / 32,
        sound_rate_hz=RATE_HZ,
    )
    assert np.isfinite(pitches[100:]).all()
    assert np.array_equal(found.pitch[1:], np.array(pitches[:-1], np.float32), equal_nan=True)


def test_a_delay_of_another_length_changes_when_a_note_sounds_by_just_that():
    onsets = {}
    for delay_us in (30_000, 110_000):
        desk = Watched()
        desk.want(t0_ns=T0_NS, delay_us=delay_us)
        desk.live(128 / RATE_HZ, at_ns=T0_NS)
        for n in range(60):
            desk.see(T0_NS + n * FRAME_NS, Flag.PRESENT if n >= 20 else Flag(0))
        sound = desk.live(1.0, at_ns=T0_NS)
        onsets[delay_us] = int(np.argmax(np.abs(sound[:, 0]) > 100)) / RATE_HZ
    assert onsets[110_000] - onsets[30_000] == pytest.approx(0.080, abs=0.001)


def test_a_reach_that_is_told_is_the_keyboard_from_then_on():
    desk = Watched()
    desk.want(t0_ns=T0_NS)
    for n in range(120):
        desk.see(T0_NS - DELAY_NS + n * FRAME_NS, pitch=66.0)
    before = desk.live(0.8, at_ns=T0_NS)
    far, near = PLAIN.area_of(60.0), PLAIN.area_of(72.0)
    desk.want(area_far=far, area_near=near)
    after = desk.live(0.8, at_ns=T0_NS + 38400 * SECOND_NS // RATE_HZ)
    fitted = Mapping(area_far=float(np.float32(far)), area_near=float(np.float32(near)), low=PLAIN.low, high=PLAIN.high)
    assert pitch_of(before[9600:]) == pytest.approx(66.0, abs=0.01)
    assert pitch_of(after[9600:]) == pytest.approx(fitted.pitch_of(PLAIN.area_of(66.0)), abs=0.01)
    assert largest_step(np.concatenate((before, after))) <= slope_of_sine(96) * 1.02 + 2 / 32768


@pytest.mark.parametrize(
    ("far", "near"),
    [(0.0, 0.2), (0.2, 0.1), (0.1, 0.1), (np.nan, 0.2), (0.02, np.nan), (-1.0, 0.2), (0.02, 1.5), (0.02, np.inf)],
)
def test_a_reach_that_is_none_changes_nothing(far, near):
    desk = Watched()
    desk.want(t0_ns=T0_NS, area_far=far, area_near=near)
    for n in range(60):
        desk.see(T0_NS - DELAY_NS + n * FRAME_NS, pitch=66.0)
    assert pitch_of(desk.live(0.8, at_ns=T0_NS)[9600:]) == pytest.approx(66.0, abs=0.01)
