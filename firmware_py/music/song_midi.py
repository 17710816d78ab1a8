"""A song as a Standard MIDI File, exactly as it is written: what FluidSynth plays, and what other programs open.

Not here: what a hand played (``report.midi``), reading MIDI (``importing.midi_reading``).
"""

from collections.abc import Iterable
from fractions import Fraction
from io import BytesIO
from typing import Final

import mido

from firmware_py.music.song import Part, ScoreNote, Song

TICKS_PER_BEAT: Final = 960
MELODY: Final = "Melody"
DRUM_CHANNEL: Final = 9
_PIANO: Final = 0
_MAJORS: Final = ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#")
_MINORS: Final = ("Abm", "Ebm", "Bbm", "Fm", "Cm", "Gm", "Dm", "Am", "Em", "Bm", "F#m", "C#m", "G#m", "D#m", "A#m")
_CHANNELS: Final = tuple(channel for channel in range(16) if channel != DRUM_CHANNEL)


def song_midi(song: Song, *, melody_program: int = _PIANO) -> bytes:
    """Return a song as MIDI, format 1: metre, tempo and key, the melody, and each part on a track of its own."""
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT, charset="utf-8")
    file.tracks.append(_conductor(song))
    if song.melody:
        file.tracks.append(part_track(Part(MELODY, melody_program, song.melody), _CHANNELS[0]))
    pitched = 0
    for part in song.parts:
        pitched += not part.drums
        file.tracks.append(part_track(part, DRUM_CHANNEL if part.drums else _CHANNELS[pitched % len(_CHANNELS)]))
    out = BytesIO()
    file.save(file=out)
    return out.getvalue()


def part_track(part: Part, channel: int, pan: float = 0.0) -> mido.MidiTrack:
    """Return one part as a track. pan: −1 left … 1 right."""
    message = mido.Message
    events: list[tuple[int, int, object]] = [
        (0, 0, mido.MetaMessage("track_name", name=part.name)),
        (0, 1, message("control_change", channel=channel, control=10, value=max(0, min(127, round(64 + 63 * pan))))),
        (0, 2, message("program_change", channel=channel, program=0 if part.drums else part.program)),
    ]
    for note, end in _ended(part.notes):
        start = _ticks(note.onset)
        stop = max(start + 1, _ticks(end))
        key = note.midi
        events.append((start, 4, message("note_on", channel=channel, note=key, velocity=note.velocity)))
        events.append((stop, 3, message("note_off", channel=channel, note=key, velocity=0)))
    return _timed(events)


def _ended(notes: Iterable[ScoreNote]) -> list[tuple[ScoreNote, Fraction]]:
    """Return each note with its end, before the next one of the same pitch on this channel begins."""
    ordered = sorted(notes, key=lambda n: (n.onset, n.midi))
    begins: dict[int, Fraction] = {}
    found: list[tuple[ScoreNote, Fraction]] = []
    for note in reversed(ordered):
        end = min(note.end, begins.get(note.midi, note.end))
        if end > note.onset:
            found.append((note, end))
        begins[note.midi] = note.onset
    return found[::-1]


def _conductor(song: Song) -> mido.MidiTrack:
    meta = mido.MetaMessage
    key = song.parsed_key
    events: list[tuple[int, int, object]] = [
        (0, 0, meta("track_name", name=song.title)),
        (0, 1, meta("key_signature", key=(_MINORS if key.minor else _MAJORS)[key.fifths + 7])),
        (0, 2, meta("time_signature", numerator=song.beats_per_bar, denominator=song.beat_unit)),
        (0, 3, meta("set_tempo", tempo=_microseconds(song.tempo_bpm))),
    ]
    events += [(_ticks(c.onset), 2, meta("time_signature", numerator=c.beats, denominator=c.unit)) for c in song.metres]
    events += [(_ticks(c.onset), 3, meta("set_tempo", tempo=_microseconds(c.bpm))) for c in song.tempos]
    return _timed(events)


def _microseconds(bpm: float) -> int:
    return min(0xFFFFFF, max(1, round(60e6 / bpm)))


def _ticks(beat: Fraction) -> int:
    return round(beat * TICKS_PER_BEAT)


def _timed(events: list[tuple[int, int, object]]) -> mido.MidiTrack:
    """Return a track of (tick, rank, message): in order of ticks, those of one tick by rank, else as they stand."""
    track, now = mido.MidiTrack(), 0
    for tick, _, event in sorted(events, key=lambda e: e[:2]):
        track.append(event.copy(time=tick - now))  # type: ignore[attr-defined]
        now = tick
    track.append(mido.MetaMessage("end_of_track"))
    return track
