"""What other programs read in the exported files is what was written: MusicXML by music21, MIDI by mido."""

import warnings
from fractions import Fraction
from io import BytesIO

import mido
import numpy as np
import pytest

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.music.curve import curve_of
from firmware_py.music.note import Note
from firmware_py.music.songs_library import load_song
from firmware_py.report.report import make_report

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # music21's own, at import
    from music21 import converter, note


def notes_read(folder: SessionFolder, part: str) -> list[tuple[Fraction, Fraction, int]]:
    """Return onset, length and MIDI number of a part's notes as music21 reads them, ties joined, in quarter notes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        score = converter.parseData(folder.file(SessionFolder.MUSICXML).read_text("utf-8"), format="musicxml")
    (found,) = (p for p in score.parts if p.partName == part)
    return [
        (Fraction(n.offset).limit_denominator(48), Fraction(n.quarterLength).limit_denominator(48), n.pitch.midi)
        for n in found.stripTies().flatten().getElementsByClass(note.Note)
    ]


@pytest.mark.parametrize("name", ["greensleeves", "ode-to-joy", "minuet-in-g"])
def test_the_melody_that_music21_reads_is_the_songs(session_of, name):
    folder = session_of(name, [])
    make_report(folder)
    song = load_song(name)
    upbeat = song.bar_beats - song.pickup if song.pickup else 0
    read = notes_read(folder, "Melody")
    assert read == [(n.onset - upbeat, n.duration, n.midi) for n in song.melody]


def test_what_was_played_well_reads_as_the_song_and_free_play_as_what_was_played(session_of):
    folder = session_of("twinkle")
    make_report(folder)
    assert [n[2] for n in notes_read(folder, "Played")] == [n.midi for n in load_song("twinkle").melody]
    folder = session_of("free", [Note(0.0, 0.6, 60.0), Note(0.6, 0.6, 63.0), Note(1.8, 1.2, 58.0)])
    make_report(folder)
    assert [n[2] for n in notes_read(folder, "Played")] == [60, 63, 58]


def test_the_midi_of_a_session_holds_its_pitch_curve_within_5_cents(session_of):
    melody = load_song("ode-to-joy").melody_at(0.0)
    folder = session_of(
        notes=[Note(n.onset_s, n.duration_s, n.pitch + 0.3 * (i % 3 - 1)) for i, n in enumerate(melody)]
    )
    make_report(folder)
    record = folder.record()
    curve = curve_of(
        folder.samples(), record.mapping, t0_ns=record.t0_ns, delay_s=record.delay_s, seconds=record.seconds
    )
    now, bend, span, key, states = 0.0, 0, 0, None, []
    file = mido.MidiFile(file=BytesIO(folder.file(SessionFolder.MIDI).read_bytes()))
    channel = next(m.channel for t in file.tracks if t.name == "Played" for m in t if m.type == "control_change")
    for message in file:
        now += message.time
        if message.is_meta or message.channel != channel:
            continue
        if message.type == "control_change" and message.control == 6:
            span = message.value
        elif message.type == "pitchwheel":
            bend = message.pitch
        elif message.type in ("note_on", "note_off"):
            key = message.note if message.type == "note_on" else None
        states.append((now, np.nan if key is None else key + bend / 8192 * span))
    at, sounding = np.array(states).T
    frames = np.arange(len(curve.pitch)) / curve.rate_hz + 0.0025
    heard = np.where(frames >= at[0], sounding[np.searchsorted(at, frames, side="right") - 1], np.nan)
    apart = np.abs(heard - curve.heard_pitch) * 100
    apart = apart[np.isfinite(apart)]
    assert len(apart) > 0.8 * np.isfinite(curve.heard_pitch).sum()
    assert apart.max() < 5
