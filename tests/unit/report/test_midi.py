from fractions import Fraction
from io import BytesIO
from itertools import pairwise

import mido
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_py.music.bars import MetreChange
from firmware_py.music.curve import PitchCurve
from firmware_py.music.note import Note
from firmware_py.music.notes import notes_of
from firmware_py.music.pitch import C_MAJOR, Key
from firmware_py.music.tempo_map import TempoChange, TempoMap
from firmware_py.report.midi import BEND_SEMITONES, midi_of
from firmware_py.report.notation import Metre

COMMON = Metre(4, 4)
PLAYED = [Note(2.41, 0.55, 64.0, 0.5), Note(3.0, 0.5, 65.25, 1.0), Note(3.9, 0.3, 61.6, 0.25)]


def file_of(notes=PLAYED, *, curves=None, title="Ode", song_start_s=2.4, tempo_bpm=100.0, metre=COMMON, key=C_MAJOR):
    content = midi_of(
        [("Melody", []), ("Played", notes)],
        title=title,
        metre=metre,
        key=key,
        tempo_bpm=tempo_bpm,
        song_start_s=song_start_s,
        curves=curves or {},
    )
    return mido.MidiFile(file=BytesIO(content), charset="utf-8")


def notes_in(file: mido.MidiFile) -> list[Note]:
    """Read notes back the way any player hears them: by the tempo map, bends included."""
    now, bend, begun, found = 0.0, 0.0, {}, []
    for message in file:
        now += message.time
        if message.type == "pitchwheel":
            bend = message.pitch / 8192 * BEND_SEMITONES
        elif message.type == "note_on" and message.velocity:
            begun[message.note] = (now, bend, message.velocity)
        elif message.type in ("note_off", "note_on"):
            onset, bent, velocity = begun.pop(message.note)
            found.append(Note(onset, now - onset, message.note + bent, velocity / 127))
    assert not begun
    return found


def test_notes_sound_when_and_as_they_were_played():
    for note, read in zip(PLAYED, notes_in(file_of()), strict=True):
        assert read.onset_s == pytest.approx(note.onset_s, abs=0.002)
        assert read.duration_s == pytest.approx(note.duration_s, abs=0.002)
        assert read.pitch == pytest.approx(note.pitch, abs=BEND_SEMITONES / 8192 / 2)
        assert read.loudness == pytest.approx(note.loudness, abs=0.005)


@pytest.mark.parametrize("song_start_s", [0.0, 0.3, 2.4, 2.55, 7.0])
def test_the_first_bar_line_of_the_song_is_a_bar_line_of_the_file(song_start_s):
    file = file_of(song_start_s=song_start_s)
    tempos, ticks = [], 0
    for message in file.tracks[0]:
        ticks += message.time
        if message.type == "set_tempo":
            tempos.append((ticks, message.tempo))
    assert tempos[-1][1] == 600_000
    assert tempos[-1][0] % (4 * file.ticks_per_beat) == 0
    at = mido.tick2second(tempos[-1][0], file.ticks_per_beat, tempos[0][1])
    assert len(tempos) == 1 or at == pytest.approx(song_start_s, abs=0.001)


def test_the_file_says_its_title_metre_key_and_tracks():
    file = file_of(title="Für Elise — 月", metre=Metre(6, 8), key=Key(0, minor=True))
    meta = {m.type: m for m in file.tracks[0]}
    assert meta["track_name"].name == "Für Elise — 月"
    assert (meta["time_signature"].numerator, meta["time_signature"].denominator) == (6, 8)
    assert meta["key_signature"].key == "Cm"
    assert [t.name for t in file.tracks[1:]] == ["Melody", "Played"]


def test_the_wheel_is_told_its_range_before_the_first_bend():
    controls = [(m.control, m.value) for m in file_of().tracks[2] if m.type == "control_change"]
    assert controls[:3] == [(101, 0), (100, 0), (6, BEND_SEMITONES)]
    assert next(i for i, m in enumerate(file_of().tracks[2]) if m.type == "pitchwheel") > 6


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 60), st.floats(0, 3), st.floats(-5, 140), st.floats(-1, 2)), max_size=20),
    st.floats(0.5, 1000),
    st.floats(0, 30),
)
def test_any_notes_make_a_file_that_holds_as_many(spans, tempo, start):
    notes = [Note(*span) for span in sorted(spans)]
    assert len(notes_in(file_of(notes, tempo_bpm=tempo, song_start_s=start))) == len(notes)


def curve_of(pitch, loudness=None) -> PitchCurve:
    pitch = np.asarray(pitch, np.float32)
    return PitchCurve(200.0, pitch, pitch, np.ones_like(pitch) if loudness is None else loudness)


def cents_apart(file: mido.MidiFile, curve: PitchCurve) -> np.ndarray:
    """Return by how many cents file and curve differ in every frame in which both sound."""
    now, bend, key, states = 0.0, 0.0, None, []
    for message in file:
        now += message.time
        if message.type == "pitchwheel":
            bend = message.pitch / 8192 * BEND_SEMITONES
        elif message.type in ("note_on", "note_off"):
            key = message.note if message.type == "note_on" else None
        states.append((now, np.nan if key is None else key + bend))
    at = np.array([state[0] for state in states])
    sounding = np.array([state[1] for state in states])
    frames = np.arange(len(curve.pitch)) / curve.rate_hz + 0.0025
    place = np.searchsorted(at, frames, side="right") - 1
    heard = np.where(place >= 0, sounding[place], np.nan)
    apart = np.abs(heard - curve.heard_pitch) * 100
    return apart[np.isfinite(apart)]


def test_the_wheel_follows_glides_vibrato_and_bends_within_5_cents():
    t = np.arange(1200) / 200
    still = np.full(200, 60.3)
    glide = np.linspace(60.3, 76.0, 60)
    vibrato = 76.0 + 0.4 * np.sin(2 * np.pi * 5.5 * t[:400])
    slow = np.linspace(76.0, 74.4, 540)
    pitch = np.concatenate([np.full(100, np.nan), still, glide, vibrato, slow, np.full(50, np.nan)])
    curve = curve_of(pitch)
    notes = notes_of(curve)
    assert len(notes) > 1
    apart = cents_apart(file_of(notes, curves={"Played": curve}), curve)
    assert len(apart) > 1150
    assert apart.max() < 5


def test_a_steady_hand_moves_the_wheel_once_a_note():
    curve = curve_of([np.nan] * 20 + [60.1] * 200 + [np.nan] * 40 + [62.2] * 200)
    wheel = [m for m in file_of(notes_of(curve), curves={"Played": curve}).tracks[2] if m.type == "pitchwheel"]
    assert len(wheel) == 2


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.floats(30, 100), st.integers(10, 120), st.booleans()), min_size=1, max_size=8))
def test_any_curve_is_told_by_the_file_within_5_cents_wherever_a_note_sounds(stretches):
    pitch, last = [], stretches[0][0]
    for goal, frames, silent in stretches:
        goal = last + max(-12.0, min(12.0, goal - last))  # what leaps further in 50 ms is no hand
        pitch.append(np.full(frames, np.nan) if silent else np.linspace(last, goal, frames))
        last = goal
    curve = curve_of(np.concatenate(pitch))
    apart = cents_apart(file_of(notes_of(curve), curves={"Played": curve}), curve)
    assert not len(apart) or apart.max() < 5


def test_changes_of_tempo_and_metre_stand_in_the_file_and_notes_lie_on_their_beats():
    tempos = [TempoChange(Fraction(8), 73.0), TempoChange(Fraction(14), 131.0)]
    metres = [MetreChange(Fraction(8), 3, 4)]
    at_s = [2.4 + TempoMap(100.0, tempos).seconds_at(beat) for beat in range(20)]
    notes = [Note(begin, end - begin, 60.0) for begin, end in pairwise(at_s)]
    content = midi_of(
        [("Played", notes)],
        title="Ode", metre=COMMON, key=C_MAJOR, tempo_bpm=100.0, song_start_s=2.4, tempos=tempos, metres=metres,
    )  # fmt: skip
    file = mido.MidiFile(file=BytesIO(content))
    for note, read in zip(notes, notes_in(file), strict=True):
        assert read.onset_s == pytest.approx(note.onset_s, abs=0.002)
    ticks, onsets = 0, []
    for message in file.tracks[1]:
        ticks += message.time
        if message.type == "note_on":
            onsets.append(ticks)
    assert {(tick - onsets[0]) % file.ticks_per_beat for tick in onsets} <= {0, 1, file.ticks_per_beat - 1}
    ticks, signatures = 0, []
    for message in file.tracks[0]:
        ticks += message.time
        if message.type == "time_signature":
            signatures.append((ticks - onsets[0], message.numerator))
    assert signatures[1] == (8 * file.ticks_per_beat, 3)
