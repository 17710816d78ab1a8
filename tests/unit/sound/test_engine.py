"""The engine: pitch, steadiness, edges, and the promise that a frame depends on nothing but its number."""

import dataclasses
import math

import numpy as np
import pytest

from firmware_py._ring import Cell, Ring
from firmware_py._synth import Engine, PitchMap
from firmware_py.errors import UsageError
from firmware_py.hand_sample import HAND_SAMPLE, Flag
from firmware_py.lanes import BLOCK_FRAMES, CONTROL, STATUS, STATUS_ENDED, TAPE_BLOCK
from firmware_py.music.mapping import Mapping
from firmware_py.sound.patches import patch_named

from .conftest import DELAY_NS, PLAIN, T0_NS

RATE_HZ = 48_000
SECOND_NS = 1_000_000_000
LOUD = 10 ** (-14 / 20) * math.sqrt(2)  # peak of the sine patch


def aligned(size):
    """A buffer on a 64-byte boundary."""
    raw = np.zeros(size + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + size]


class Desk:
    """An engine with lanes in ordinary memory, driven by hand."""

    def __init__(self, *, live=False, patch="sine", tape_capacity=1024, **more):
        self.hands = Ring(aligned(Ring.bytes_needed(256)), capacity=256)
        self.tape = Ring(
            aligned(Ring.bytes_needed(tape_capacity, TAPE_BLOCK.itemsize)),
            capacity=tape_capacity,
            record_bytes=TAPE_BLOCK.itemsize,
        )
        self.control = Cell(aligned(Cell.bytes_needed(64)), record_bytes=64, create=True)
        self.status = Cell(aligned(Cell.bytes_needed(128)), record_bytes=128, create=True)
        self.wanted = np.zeros((), CONTROL)
        self.engine = Engine(
            rate_hz=RATE_HZ,
            delay_ns=DELAY_NS,
            pitch_map=PitchMap(PLAIN),
            patch=patch_named(patch),
            hands=self.hands,
            control=self.control,
            status=self.status,
            tape=self.tape,
            live=live,
            **more,
        )

    def want(self, **fields):
        for name, value in fields.items():
            self.wanted[name] = value
        self.control.write(self.wanted.tobytes())

    def push(self, samples):
        for sample in samples:
            assert self.hands.push(sample.tobytes())

    def told(self):
        return np.frombuffer(self.status.read(), STATUS)[0]

    def taped(self):
        blocks = []
        while (record := self.tape.pop()) is not None:
            blocks.append(np.frombuffer(record, TAPE_BLOCK)[0])
        return blocks

    def live(self, seconds, *, at_ns, block=128):
        """Render in real time from ``at_ns`` on, on a clock that is exact; returns the sound."""
        out = np.zeros((round(seconds * RATE_HZ) // block * block, 2), np.int16)
        for first in range(0, len(out), block):
            self.engine.render(out[first : first + block], at_ns + first * SECOND_NS // RATE_HZ)
        return out


def pitch_of(sound):
    """Pitch of a steady tone by the phase that its fundamental runs through: far better than a tenth of a cent."""
    x = sound[:, 0].astype(float)
    spectrum = np.abs(np.fft.rfft(x * np.hanning(len(x)), 8 * len(x)))
    guess = np.argmax(spectrum) * RATE_HZ / (8 * len(x))
    half = len(x) // 2
    turn = np.exp(-2j * np.pi * guess * np.arange(half) / RATE_HZ) * np.hanning(half)
    first, second = np.sum(x[:half] * turn), np.sum(x[half : 2 * half] * turn)
    drift = np.angle(second * np.conj(first) * np.exp(-2j * np.pi * guess * half / RATE_HZ))
    return 69 + 12 * np.log2((guess + drift / (2 * np.pi) * RATE_HZ / half) / 440)


def rms_db(sound):
    return 10 * math.log10(np.mean(np.square(sound / 32768.0)) + 1e-20)


@pytest.mark.parametrize("pitch", range(36, 96, 5))
def test_a_steady_hand_sounds_its_pitch_within_a_cent(hand_samples, sound_of, pitch):
    sound = sound_of(hand_samples([pitch + 0.31] * 60))
    assert pitch_of(sound[4800:43200]) == pytest.approx(pitch + 0.31, abs=0.005)


@pytest.mark.parametrize("pitch", [48, 69, 84])
def test_the_air_patch_swings_around_its_pitch(hand_samples, sound_of, pitch):
    still = dataclasses.replace(patch_named("air"), vibrato_cents=0.0, breath_db=-96, breath_onset_db=-96)
    sound = sound_of(hand_samples([float(pitch)] * 60), patch=still)
    assert pitch_of(sound[9600:43200]) == pytest.approx(pitch, abs=0.01)


def test_tuning_moves_every_pitch(hand_samples, sound_of):
    mapping = dataclasses.replace(PLAIN, a4_hz=432.0)
    sound = sound_of(hand_samples([69.0] * 60), mapping=mapping)
    assert pitch_of(sound[4800:43200]) == pytest.approx(69 + 12 * math.log2(432 / 440), abs=0.005)


@pytest.mark.parametrize("patch", ["sine", "air"])
def test_a_loud_note_is_14_db_below_full_scale(hand_samples, sound_of, patch):
    assert rms_db(sound_of(hand_samples([64.0] * 60), patch=patch)[4800:43200]) == pytest.approx(-14, abs=1.5)


def test_every_sound_stays_below_full_scale_however_loud_the_levels_are(hand_samples):
    desk = Desk(patch="air")
    desk.want(t0_ns=T0_NS, stop_ns=T0_NS + SECOND_NS, instrument_db=6.0, master_db=6.0)
    desk.push(hand_samples([60.0] * 70))
    out = np.zeros((RATE_HZ, 2), np.int16)
    assert desk.engine.advance(RATE_HZ, out) == RATE_HZ
    assert 0.3 < desk.engine.peak < 1.0
    assert np.abs(out.astype(int)).max() < 32767


def test_the_same_samples_give_the_same_bytes_on_every_run_and_in_blocks_of_any_size(hand_samples, sound_of):
    wave = [60 + 10 * math.sin(n / 7) if n % 37 > 8 else None for n in range(120)]
    sounds = {sound_of(hand_samples(wave), patch="air", block=block).tobytes() for block in (4096, 4096, 64, 333, 7)}
    assert len(sounds) == 1


def test_live_blocks_are_the_bytes_of_the_offline_rendering(hand_samples, sound_of):
    samples = hand_samples([60 + 10 * math.sin(n / 7) for n in range(60)])
    desk = Desk(live=True, patch="air")
    desk.want(t0_ns=T0_NS, stop_ns=T0_NS + SECOND_NS)
    desk.push(samples)
    live = desk.live(1.0, at_ns=T0_NS, block=96)
    assert live.tobytes() == sound_of(samples, patch="air").tobytes()


def largest_step(sound):
    return np.abs(np.diff(sound.astype(int), axis=0)).max() / 32768.0


def slope_of_sine(pitch):
    """The largest step between two frames of the sine patch at its loudest."""
    return LOUD * 2 * math.pi * 440 * 2 ** ((pitch - 69) / 12) / RATE_HZ


def test_no_click_when_notes_begin_and_end(hand_samples, sound_of):
    steps = [69.0] * 13 + [None] * 7
    sound = sound_of(hand_samples(steps * 8))
    assert largest_step(sound) <= slope_of_sine(69) * 1.02 + 2 / 32768


def test_a_note_grows_over_its_attack_and_falls_by_60_db_in_its_release(hand_samples, sound_of):
    sound = np.abs(sound_of(hand_samples([96.0] * 30 + [None] * 10))[:, 0].astype(float)) / 32768 / LOUD

    def loudest(begin_ms, end_ms):
        return sound[begin_ms * 48 : end_ms * 48].max()

    assert loudest(0, 3) < 0.15
    assert 0.2 < loudest(5, 7) < 0.6
    assert loudest(16, 19) == pytest.approx(1, abs=0.03)
    vanished = round(np.flatnonzero(sound > 0.9)[-1] / 48)
    assert loudest(vanished, vanished + 4) > 0.7
    assert loudest(vanished + 28, vanished + 32) == pytest.approx(10 ** (-30 / 20), rel=0.5)
    assert loudest(vanished + 62, vanished + 66) <= 0.0015


def test_no_click_in_a_glide_over_five_octaves(hand_samples, sound_of):
    for glide_s in (0.0, 0.02):
        mapping = dataclasses.replace(PLAIN, glide_s=glide_s)
        sound = sound_of(hand_samples([36.0] * 20 + [96.0] * 20 + [36.0] * 20), mapping=mapping)
        assert largest_step(sound) <= slope_of_sine(96) * 1.02 + 2 / 32768


def test_no_click_when_loudness_jumps(hand_samples, sound_of):
    samples = hand_samples([69.0] * 60)
    samples["hands"]["y"][:, 0] = [n // 3 % 2 for n in range(60)]
    sound = sound_of(samples, mapping=dataclasses.replace(PLAIN, height_to_loudness=1.0))
    assert largest_step(sound) <= slope_of_sine(69) * 1.05 + 2 / 32768


def test_no_click_when_levels_jump(hand_samples):
    desk = Desk()
    desk.push(hand_samples([69.0] * 70))
    out = np.zeros((RATE_HZ, 2), np.int16)
    for n in range(100):
        desk.want(t0_ns=T0_NS, instrument_db=-90.0 if n % 2 else 0.0)
        assert desk.engine.advance(480, out[480 * n :]) == 480
    assert largest_step(out) <= slope_of_sine(69) * 1.05 + 2 / 32768


def test_nothing_above_the_partials_folds_back(hand_samples, sound_of):
    bright = dataclasses.replace(
        patch_named("sine"), partials=(1.0,) * 16, dark_db=0.0, bright_db=0.0, breath_db=-96, breath_onset_db=-96
    )
    pitch = 100.0  # 2.6 kHz: its tenth harmonic would fold back
    mapping = dataclasses.replace(PLAIN, high=110.0)
    sound = sound_of(hand_samples([pitch] * 60, mapping), patch=bright, mapping=mapping)[9600:43200, 0] / 32768.0
    spectrum = np.abs(np.fft.rfft(sound * np.blackman(len(sound)))) / len(sound)
    hz = np.fft.rfftfreq(len(sound), 1 / RATE_HZ)
    harmonic = 440 * 2 ** ((pitch - 69) / 12)
    between = np.abs((hz / harmonic) - np.rint(hz / harmonic)) > 0.05
    assert 20 * math.log10(spectrum[between].max() / spectrum.max()) < -80


def test_a_hand_that_vanishes_for_ten_seconds_leaves_no_tone(hand_samples, sound_of):
    sound = sound_of(hand_samples([69.0] * 30), patch="air", seconds=10.5)
    assert rms_db(sound[4800:24000]) > -20
    assert np.abs(sound[6 * RATE_HZ :]).max() == 0


def test_samples_that_cannot_be_true_are_counted_and_sound_like_their_neighbours(hand_samples):
    desk = Desk()
    samples = hand_samples([69.0] * 70)
    for n, spoiled in enumerate((math.nan, math.inf, -1.0, 0.0, 7.0)):
        samples[10 + 5 * n]["hands"][0]["area"] = spoiled
    samples[40]["t_capture_ns"] -= 5 * SECOND_NS
    samples[45]["t_capture_ns"] += 3600 * SECOND_NS
    desk.want(t0_ns=T0_NS, stop_ns=T0_NS + SECOND_NS)
    desk.push(samples)
    out = np.zeros((RATE_HZ, 2), np.int16)
    assert desk.engine.advance(RATE_HZ, out) == RATE_HZ
    assert desk.told()["bad_samples"] == 7
    assert pitch_of(out[4800:43200]) == pytest.approx(69, abs=0.005)


def test_a_live_engine_refuses_a_sample_from_the_future_but_not_the_ones_after_it(hand_samples):
    desk = Desk(live=True)
    samples = hand_samples([69.0] * 60)
    samples[20]["t_capture_ns"] += 8 * SECOND_NS
    desk.want(t0_ns=T0_NS)
    desk.push(samples)
    sound = desk.live(0.9, at_ns=T0_NS)
    assert desk.engine.bad_samples == 1
    assert rms_db(sound[-4800:]) > -20


def test_samples_that_come_too_late_are_counted(hand_samples):
    desk = Desk(live=True)
    samples = hand_samples([69.0] * 60)
    desk.want(t0_ns=T0_NS)
    desk.push(samples[:10])
    desk.live(0.5, at_ns=T0_NS)
    assert desk.engine.late_samples == 0
    desk.push(samples[10:])
    desk.live(0.2, at_ns=T0_NS + SECOND_NS // 2)
    assert desk.engine.late_samples == 20


def test_an_offline_engine_never_goes_further_than_its_samples(hand_samples):
    desk = Desk()
    desk.want(t0_ns=T0_NS, stop_ns=T0_NS + SECOND_NS)
    assert desk.engine.advance(RATE_HZ) == 0
    desk.push(hand_samples([69.0] * 31))
    made = desk.engine.advance(RATE_HZ)
    assert RATE_HZ // 2 - 64 < made <= RATE_HZ // 2
    assert desk.engine.advance(RATE_HZ) == 0


def test_after_the_last_sample_of_all_the_rest_is_silence_until_the_end(hand_samples):
    desk = Desk()
    samples = hand_samples([69.0] * 31)
    samples[-1]["flags"] |= Flag.ENDED
    desk.want(t0_ns=T0_NS)
    desk.push(samples)
    made = desk.engine.advance(RATE_HZ)
    assert RATE_HZ * 0.42 < made < RATE_HZ * 0.5  # the end is not known: it stays before it, with room for a fade
    assert desk.engine.advance(RATE_HZ) == 0
    desk.want(stop_ns=T0_NS + SECOND_NS)
    assert made + desk.engine.advance(RATE_HZ) == RATE_HZ
    assert desk.engine.ended


def test_an_offline_engine_waits_for_room_on_the_tape(hand_samples):
    desk = Desk(tape_capacity=4)
    desk.want(t0_ns=T0_NS, stop_ns=T0_NS + SECOND_NS)
    desk.push(hand_samples([69.0] * 70))
    assert desk.engine.advance(RATE_HZ) == 4 * BLOCK_FRAMES
    assert len(desk.taped()) == 4
    assert desk.engine.advance(RATE_HZ) == 4 * BLOCK_FRAMES
    assert desk.told()["tape_drops"] == 0


def test_a_live_engine_never_waits_for_the_tape_and_counts_what_it_drops():
    desk = Desk(live=True, tape_capacity=4)
    desk.want(t0_ns=T0_NS)
    desk.live(10 * BLOCK_FRAMES / RATE_HZ, at_ns=T0_NS, block=BLOCK_FRAMES)
    assert desk.told()["tape_drops"] == 6
    assert [block["first_frame"] for block in desk.taped()] == [0, 256, 512, 768]


def test_the_tape_holds_every_frame_from_t0_to_the_end_and_none_beyond(hand_samples):
    desk = Desk(live=True)
    desk.want(t0_ns=T0_NS, stop_ns=T0_NS + 700_000_000)
    desk.push(hand_samples([69.0] * 60))
    heard = desk.live(1.0, at_ns=T0_NS - 100_000_000)
    blocks = desk.taped()
    assert [block["first_frame"] for block in blocks] == list(range(0, 33600, BLOCK_FRAMES))
    taped = np.concatenate([block["samples"][: block["frames"]] for block in blocks])
    assert len(taped) == 33600
    assert np.abs(heard[:4800]).max() == 0
    assert taped.tobytes() == heard[4800 : 4800 + 33600].tobytes()
    assert np.abs(heard[4800 + 33600 :]).max() == 0
    assert desk.told()["flags"] & STATUS_ENDED
    assert desk.told()["frames"] == 33600


def test_the_end_is_faded_to_over_30_ms(hand_samples, sound_of):
    sound = sound_of(hand_samples([84.0] * 70), seconds=1.0)
    assert np.abs(sound[-1440 - 480 : -1440, 0]).max() > 0.9 * LOUD * 32768
    assert np.abs(sound[-20:]).max() < 0.01 * LOUD * 32768
    assert largest_step(sound) <= slope_of_sine(84) * 1.02 + 2 / 32768


def test_an_end_that_comes_at_once_is_still_faded_to(hand_samples):
    desk = Desk()
    desk.want(t0_ns=T0_NS)
    desk.push(hand_samples([69.0] * 70))
    out = np.zeros((RATE_HZ, 2), np.int16)
    made = desk.engine.advance(24000, out)
    desk.want(stop_ns=T0_NS + 400_000_000)
    made += desk.engine.advance(24000, out[made:])
    assert desk.engine.ended
    assert made - 24000 <= 0.006 * RATE_HZ
    assert largest_step(out) <= slope_of_sine(69) * 1.02 + 0.06


def test_being_told_to_end_fades_and_ends(hand_samples):
    desk = Desk()
    desk.want(t0_ns=T0_NS)
    desk.push(hand_samples([69.0] * 70))
    assert desk.engine.advance(9600) == 9600
    desk.engine.end()
    assert 1440 <= desk.engine.advance(RATE_HZ) <= 1440 + 64
    assert desk.engine.ended


def test_an_engine_without_a_session_is_silent_and_empties_the_ring(hand_samples):
    desk = Desk(live=True)
    desk.push(hand_samples([69.0] * 60))
    assert np.abs(desk.live(0.1, at_ns=T0_NS)).max() == 0
    assert len(desk.hands) == 0
    assert np.isnan(desk.told()["pitch"])


def test_a_device_that_stood_still_leaves_no_hole_in_the_recording(hand_samples):
    desk = Desk(live=True)
    desk.want(t0_ns=T0_NS)
    desk.push(hand_samples([69.0] * 120))
    desk.live(0.5, at_ns=T0_NS)
    desk.live(0.5, at_ns=T0_NS + 800_000_000)
    firsts = [int(block["first_frame"]) for block in desk.taped()]
    assert firsts == list(range(0, firsts[-1] + 1, BLOCK_FRAMES))
    assert firsts[-1] > 1.28 * RATE_HZ


def test_a_process_that_comes_back_after_seconds_leaves_its_gap_at_the_true_place(hand_samples):
    desk = Desk(live=True)
    desk.want(t0_ns=T0_NS)
    desk.live(0.5, at_ns=T0_NS)
    desk.live(0.5, at_ns=T0_NS + 3_500_000_000)
    firsts = [int(block["first_frame"]) for block in desk.taped()]
    assert max(np.diff(firsts)) == pytest.approx(3 * RATE_HZ, abs=BLOCK_FRAMES)


def test_a_clock_that_drifts_is_followed_by_the_hands_while_the_recording_stays_whole(hand_samples):
    desk = Desk(live=True)
    desk.want(t0_ns=T0_NS)
    block, drift = np.zeros((480, 2), np.int16), 1.0003
    for n in range(1000):
        desk.engine.render(block, T0_NS + round(n * 10_000_000 * drift))
        desk.taped()
    assert desk.engine.position == 480_000
    assert desk.engine.skew_ns == pytest.approx(3_000_000, abs=400_000)


def test_two_hands_are_two_voices(hand_samples, sound_of):
    samples = hand_samples([60.0] * 60)
    samples["flags"] = Flag.PRESENT | Flag.SECOND_HAND
    samples["hands"][:, 1] = hand_samples([67.0] * 60)["hands"][:, 0]
    sound = sound_of(samples)[9600:43200, 0].astype(float)
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    hz = np.fft.rfftfreq(len(sound), 1 / RATE_HZ)
    for pitch in (60, 67):
        near = np.abs(hz - 440 * 2 ** ((pitch - 69) / 12)) < 3
        assert spectrum[near].max() > 0.5 * spectrum.max()


def test_backing_clicks_and_guide_have_levels_of_their_own():
    stems = np.zeros((RATE_HZ, 4), np.int16)
    stems[:] = 1000, -2000, 4000, 3000
    for levels, wanted in (
        ({"guide_db": 0.0}, (8000, 5000)),
        ({"guide_db": -6.0206, "metronome_db": -90.0}, (2500, -500)),
        ({}, (5000, 2000)),
        ({"metronome_db": -90.0}, (1000, -2000)),
        ({"backing_db": -90.0, "metronome_db": -6.0206}, (2000, 2000)),
        ({"master_db": -6.0206}, (2500, 1000)),
    ):
        desk = Desk(live=True, backing=stems)
        desk.want(t0_ns=T0_NS, **{"guide_db": -90.0, **levels})
        middle = desk.live(0.2, at_ns=T0_NS)[4800]
        assert middle.tolist() == pytest.approx(wanted, abs=2)


def test_a_level_that_is_no_number_changes_nothing(hand_samples):
    desk = Desk()
    desk.want(t0_ns=T0_NS, instrument_db=math.nan, master_db=math.inf)
    desk.push(hand_samples([69.0] * 70))
    out = np.zeros((9600, 2), np.int16)
    assert desk.engine.advance(9600, out) == 9600
    assert rms_db(out[4800:]) == pytest.approx(-14, abs=0.2)


def test_the_status_tells_pitch_and_loudness(hand_samples):
    desk = Desk(live=True)
    desk.want(t0_ns=T0_NS)
    desk.push(hand_samples([64.0] * 60))
    desk.live(0.3, at_ns=T0_NS)
    told = desk.told()
    assert told["pitch"] == pytest.approx(64.0, abs=0.001)
    assert told["level"] == pytest.approx(1.0)
    assert told["frames"] == 0.3 * RATE_HZ // 128 * 128
    assert 0 < told["render_share"] < 1


def test_the_curve_is_the_pitch_that_sounds(hand_samples):
    from firmware_py.music.curve import curve_of

    samples = hand_samples([60.0] * 10 + [72.3] * 60)
    mapping = Mapping(low=36.0, high=96.0, glide_s=0.05)
    samples["hands"]["area"][:, 0] = [mapping.area_of(60.0)] * 10 + [mapping.area_of(72.3)] * 60
    status = Cell(aligned(Cell.bytes_needed(128)), record_bytes=128, create=True)
    engine = Engine(
        rate_hz=RATE_HZ,
        delay_ns=DELAY_NS,
        pitch_map=PitchMap(mapping),
        patch=patch_named("sine"),
        samples=samples.view(np.uint8),
        status=status,
    )
    engine.play(t0_ns=T0_NS, frames=RATE_HZ)
    curve = curve_of(samples, mapping, t0_ns=T0_NS, delay_s=DELAY_NS / 1e9, seconds=1.0, rate_hz=1500.0)
    for _ in range(1400):
        engine.advance(32)
        told = np.frombuffer(status.read(), STATUS)[0]
        assert told["pitch"] == curve.pitch[told["frames"] // 32]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"rate_hz": 0}, "sampling rate of 0"),
        ({"voices": 3}, "3 voices"),
        ({"backing": np.zeros((5, 2), np.int16)}, "backing of 2 columns"),
    ],
)
def test_settings_that_make_no_sound_are_refused(wrong, says):
    settings = {
        "rate_hz": RATE_HZ,
        "delay_ns": DELAY_NS,
        "pitch_map": PitchMap(PLAIN),
        "patch": patch_named("sine"),
    }
    with pytest.raises(UsageError, match=says):
        Engine(**(settings | wrong))


def test_no_samples_at_all_make_silence(sound_of):
    assert np.abs(sound_of(np.empty(0, HAND_SAMPLE), seconds=0.5, patch="air")).max() == 0


@pytest.mark.parametrize("rate_hz", [22_050, 44_100, 96_000])
def test_other_sampling_rates_keep_the_pitch(hand_samples, sound_of, rate_hz):
    sound = sound_of(hand_samples([69.0] * 60), rate_hz=rate_hz)
    assert len(sound) == rate_hz
    steady = sound[rate_hz // 10 : rate_hz * 9 // 10]
    assert (pitch_of(steady) - 69) + 12 * math.log2(rate_hz / RATE_HZ) == pytest.approx(0, abs=0.005)
