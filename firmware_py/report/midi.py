"""Standard MIDI, format 1: the notes as they were played, to the tick, with bends for the cents that they were off.

Time 0 is the first frame of sound.wav, so the file and the recording lie side by side in any sequencer; what
comes before the song is stretched to whole bars, so its bar lines are the song's. Not here: anything quantised.
"""

from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Final

import mido

from firmware_py.music.note import Note
from firmware_py.music.pitch import Key
from firmware_py.report.notation import Metre

TICKS_PER_BEAT: Final = 960
BEND_SEMITONES: Final = 2  # range of the pitch wheel, told to the synthesizer by RPN 0
PROGRAMS: Final = {"Melody": 0, "Played": 80}  # General MIDI: grand piano, square lead
_MAJORS: Final = ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#")
_MINORS: Final = ("Abm", "Ebm", "Bbm", "Fm", "Cm", "Gm", "Dm", "Am", "Em", "Bm", "F#m", "C#m", "G#m", "D#m", "A#m")
_MOST_MICROSECONDS: Final = 0xFFFFFF  # of a beat, what the tempo event can hold


class _Clock:
    """Seconds of the session to ticks, through the one change of tempo where the song begins."""

    def __init__(self, song_start_s: float, tempo_bpm: float, metre: Metre) -> None:
        bar = float(metre.bar)
        bars = max(1, round(song_start_s * tempo_bpm / 60 / bar)) if song_start_s > 0.001 else 0
        self.beat_us = min(_MOST_MICROSECONDS, max(1, round(60e6 / tempo_bpm)))
        self.lead_us = (
            min(_MOST_MICROSECONDS, max(1, round(song_start_s * 1e6 / (bars * bar)))) if bars else self.beat_us
        )
        self.lead_ticks = round(bars * bar * TICKS_PER_BEAT)
        self.song_start_s = self.lead_ticks / TICKS_PER_BEAT * self.lead_us * 1e-6

    def ticks(self, seconds: float) -> int:
        if seconds < self.song_start_s:
            return max(0, round(seconds * 1e6 / self.lead_us * TICKS_PER_BEAT))
        return self.lead_ticks + round((seconds - self.song_start_s) * 1e6 / self.beat_us * TICKS_PER_BEAT)


def midi_of(
    parts: Sequence[tuple[str, Sequence[Note]]],
    *,
    title: str,
    metre: Metre,
    key: Key,
    tempo_bpm: float,
    song_start_s: float,
) -> bytes:
    """Return a Standard MIDI File.

    parts: name and notes of each track, seconds from the first frame of sound.wav, in order of onset; a note's pitch is
    a key and a bend, its loudness (0…1) a velocity. tempo_bpm: quarter notes a minute. song_start_s: seconds of the
    first beat of bar 1.
    """
    clock = _Clock(song_start_s, tempo_bpm, metre)
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT, charset="utf-8")
    file.tracks.append(_conductor(title, clock, metre, key))
    for channel, (name, notes) in enumerate(parts):
        file.tracks.append(_track(name, channel, notes, clock))
    out = BytesIO()
    file.save(file=out)
    return out.getvalue()


def _conductor(title: str, clock: _Clock, metre: Metre, key: Key) -> mido.MidiTrack:
    meta = mido.MetaMessage
    events = [
        (0, meta("track_name", name=title)),
        (0, meta("time_signature", numerator=metre.beats, denominator=metre.unit)),
        (0, meta("key_signature", key=(_MINORS if key.minor else _MAJORS)[key.fifths + 7])),
        (0, meta("set_tempo", tempo=clock.lead_us)),
    ]
    if clock.lead_us != clock.beat_us:
        events.append((clock.lead_ticks, meta("set_tempo", tempo=clock.beat_us)))
    return _timed(events)


def _track(name: str, channel: int, notes: Sequence[Note], clock: _Clock) -> mido.MidiTrack:
    message = mido.Message
    events: list[tuple[int, object]] = [(0, mido.MetaMessage("track_name", name=name))]
    for control, value in ((101, 0), (100, 0), (6, BEND_SEMITONES), (38, 0), (101, 127), (100, 127)):
        events.append((0, message("control_change", channel=channel, control=control, value=value)))
    events.append((0, message("program_change", channel=channel, program=PROGRAMS.get(name, 0))))
    bend, earliest = 0, 0
    for i, note in enumerate(notes):
        start = max(earliest, clock.ticks(note.onset_s))
        end = max(start + 1, clock.ticks(note.end_s))
        if i + 1 < len(notes):  # one voice: a note ends where the next begins
            end = max(start + 1, min(end, clock.ticks(notes[i + 1].onset_s)))
        earliest = end
        key = min(127, max(0, round(note.pitch)))
        wanted = min(8191, max(-8192, round((note.pitch - key) / BEND_SEMITONES * 8192)))
        if wanted != bend:
            events.append((start, message("pitchwheel", channel=channel, pitch=wanted)))
            bend = wanted
        velocity = min(127, max(1, round(note.loudness * 127)))
        events.append((start, message("note_on", channel=channel, note=key, velocity=velocity)))
        events.append((end, message("note_off", channel=channel, note=key, velocity=0)))
    return _timed(events)


def _timed(events: Iterable[tuple[int, object]]) -> mido.MidiTrack:
    """Return a track of (tick, message), already in order."""
    track, now = mido.MidiTrack(), 0
    for tick, event in events:
        track.append(event.copy(time=tick - now))  # type: ignore[attr-defined]
        now = tick
    track.append(mido.MetaMessage("end_of_track"))
    return track
