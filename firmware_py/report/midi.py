"""Standard MIDI, format 1: the notes as they were played, to the tick, with bends that follow the hand.

Time 0 is the first frame of sound.wav, so the file and the recording lie side by side in any sequencer; what
comes before the song is stretched to whole bars, so its bar lines are the song's. Not here: anything quantised.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from io import BytesIO
from types import MappingProxyType
from typing import Final, Protocol

import mido
import numpy as np
from numpy.typing import NDArray

from firmware_py.music.bars import MetreChange
from firmware_py.music.curve import PitchCurve
from firmware_py.music.note import Note
from firmware_py.music.pitch import Key
from firmware_py.music.tempo_map import TempoChange, TempoMap
from firmware_py.report.notation import Metre

TICKS_PER_BEAT: Final = 960
BEND_SEMITONES: Final = 48  # range of the pitch wheel, told to the synthesizer by RPN 0: more than any glide spans
BEND_CENTS: Final = 3.0  # the wheel is left alone until the hand is so far from it: its step is 0.6 cents
PROGRAMS: Final = {"Melody": 0, "Played": 80}  # General MIDI: grand piano, square lead
_MAJORS: Final = ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#")
_MINORS: Final = ("Abm", "Ebm", "Bbm", "Fm", "Cm", "Gm", "Dm", "Am", "Em", "Bm", "F#m", "C#m", "G#m", "D#m", "A#m")
_NO_CURVES: Final[Mapping[str, PitchCurve]] = MappingProxyType({})
_MOST_MICROSECONDS: Final = 0xFFFFFF  # of a beat, what the tempo event can hold


class _Message(Protocol):
    """A mido message or meta message; time is in ticks after the one before."""

    time: int


class _Clock:
    """Seconds of the session to ticks, through the change of tempo where the song begins and those within it."""

    def __init__(self, song_start_s: float, tempo_bpm: float, metre: Metre, tempos: Sequence[TempoChange] = ()) -> None:
        bar = float(metre.bar)
        bars = max(1, round(song_start_s * tempo_bpm / 60 / bar)) if song_start_s > 0.001 else 0
        self.beat_us = _beat_us(tempo_bpm)
        self.changes = [(self._at(change.onset), _beat_us(change.bpm)) for change in tempos]
        self._map = TempoMap(
            60e6 / self.beat_us,
            [TempoChange(Fraction(tick, TICKS_PER_BEAT), 60e6 / beat_us) for tick, beat_us in self.changes],
        )
        self.lead_us = (
            min(_MOST_MICROSECONDS, max(1, round(song_start_s * 1e6 / (bars * bar)))) if bars else self.beat_us
        )
        self.lead_ticks = round(bars * bar * TICKS_PER_BEAT)
        self.song_start_s = self.lead_ticks / TICKS_PER_BEAT * self.lead_us * 1e-6

    def ticks(self, seconds: float) -> int:
        if seconds < self.song_start_s:
            return max(0, round(seconds * 1e6 / self.lead_us * TICKS_PER_BEAT))
        return self.lead_ticks + round(self._map.beat_at(seconds - self.song_start_s) * TICKS_PER_BEAT)

    @staticmethod
    def _at(onset: Fraction) -> int:
        """Return the tick of a beat, counted from the first bar line."""
        return round(onset * TICKS_PER_BEAT)

    def tick_of(self, onset: Fraction) -> int:
        """Return the tick of a beat of the song, counted from the first of the file."""
        return self.lead_ticks + self._at(onset)


def _beat_us(bpm: float) -> int:
    return min(_MOST_MICROSECONDS, max(1, round(60e6 / bpm)))


def midi_of(
    parts: Sequence[tuple[str, Sequence[Note]]],
    *,
    title: str,
    metre: Metre,
    key: Key,
    tempo_bpm: float,
    song_start_s: float,
    tempos: Sequence[TempoChange] = (),
    metres: Sequence[MetreChange] = (),
    curves: Mapping[str, PitchCurve] = _NO_CURVES,
) -> bytes:
    """Return a Standard MIDI File.

    parts: name and notes of each track, seconds from the first frame of sound.wav, in order of onset; a note's pitch is
    a key and a bend, its loudness (0…1) a velocity. tempo_bpm: quarter notes a minute. song_start_s: seconds of the
    first beat of bar 1. tempos, metres: the song's changes of them, in order. curves: by the name of its part, the
    curve that its notes were found on; while a note sounds the wheel follows it to within 5 cents, glides included. A
    part without one is bent once for each note.
    """
    clock = _Clock(song_start_s, tempo_bpm, metre, tempos)
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT, charset="utf-8")
    file.tracks.append(_conductor(title, clock, metre, key, metres))
    for channel, (name, notes) in enumerate(parts):
        file.tracks.append(_track(name, channel, notes, clock, curves.get(name)))
    out = BytesIO()
    file.save(file=out)
    return out.getvalue()


def _conductor(title: str, clock: _Clock, metre: Metre, key: Key, metres: Sequence[MetreChange]) -> mido.MidiTrack:
    meta = mido.MetaMessage
    events = [
        (0, meta("track_name", name=title)),
        (0, meta("time_signature", numerator=metre.beats, denominator=metre.unit)),
        (0, meta("key_signature", key=(_MINORS if key.minor else _MAJORS)[key.fifths + 7])),
        (0, meta("set_tempo", tempo=clock.lead_us)),
    ]
    if clock.lead_us != clock.beat_us:
        events.append((clock.lead_ticks, meta("set_tempo", tempo=clock.beat_us)))
    changes = [(clock.lead_ticks + tick, meta("set_tempo", tempo=beat_us)) for tick, beat_us in clock.changes]
    changes += [
        (clock.tick_of(change.onset), meta("time_signature", numerator=change.beats, denominator=change.unit))
        for change in metres
    ]
    return _timed([*events, *sorted(changes, key=lambda event: event[0])])


def _track(name: str, channel: int, notes: Sequence[Note], clock: _Clock, curve: PitchCurve | None) -> mido.MidiTrack:
    message = mido.Message
    events: list[tuple[int, _Message]] = [(0, mido.MetaMessage("track_name", name=name))]
    for control, value in ((101, 0), (100, 0), (6, BEND_SEMITONES), (38, 0), (101, 127), (100, 127)):
        events.append((0, message("control_change", channel=channel, control=control, value=value)))
    events.append((0, message("program_change", channel=channel, program=PROGRAMS.get(name, 0))))
    heard = None if curve is None else curve.heard_pitch
    bend, earliest = 0, 0
    for i, note in enumerate(notes):
        start = max(earliest, clock.ticks(note.onset_s))
        end = max(start + 1, clock.ticks(note.end_s))
        if i + 1 < len(notes):  # one voice: a note ends where the next begins
            end = max(start + 1, min(end, clock.ticks(notes[i + 1].onset_s)))
        earliest = end
        key = min(127, max(0, round(note.pitch)))
        first, *later = _bends(note, key, heard, curve.rate_hz if curve else 1.0)
        if first[1] != bend:
            events.append((start, message("pitchwheel", channel=channel, pitch=first[1])))
        bend = first[1]
        velocity = min(127, max(1, round(note.loudness * 127)))
        events.append((start, message("note_on", channel=channel, note=key, velocity=velocity)))
        for seconds, wanted in later:
            tick = clock.ticks(seconds)
            if start < tick < end:
                events.append((tick, message("pitchwheel", channel=channel, pitch=wanted)))
                bend = wanted
        events.append((end, message("note_off", channel=channel, note=key, velocity=0)))
    return _timed(events)


def _bends(note: Note, key: int, heard: NDArray[np.float64] | None, rate_hz: float) -> list[tuple[float, int]]:
    """Return when the wheel goes where during a note, at its onset first: seconds and −8192…8191."""
    if heard is None:
        return [(note.onset_s, _wheel(note.pitch - key))]
    start = max(0, round(note.onset_s * rate_hz))
    pitch = heard[start : round(note.end_s * rate_hz)]
    frames = np.flatnonzero(np.isfinite(pitch))
    bends = [(note.onset_s, _wheel((float(pitch[frames[0]]) if len(frames) else note.pitch) - key))]
    for frame, above in zip(frames.tolist(), (pitch[frames] - key).tolist(), strict=True):
        if abs(above - bends[-1][1] / 8192 * BEND_SEMITONES) * 100 > BEND_CENTS:
            bends.append(((start + frame) / rate_hz, _wheel(above)))
    return bends


def _wheel(semitones: float) -> int:
    """Return the place of the wheel for so many semitones above the key, as far as it goes."""
    return min(8191, max(-8192, round(semitones / BEND_SEMITONES * 8192)))


def _timed(events: Sequence[tuple[int, _Message]]) -> mido.MidiTrack:
    """Return a track of (tick, message), already in order."""
    track, now = mido.MidiTrack(), 0
    for tick, event in events:
        event.time = tick - now
        track.append(event)
        now = tick
    track.append(mido.MetaMessage("end_of_track"))
    return track
