"""Standard MIDI files, formats 0 and 1, as a Score: a voice for each track and channel.

The bytes are mido's to take apart; what it refuses is said with the track and byte it had come to. Not here: which
voice is the melody (``choosing``), and writing MIDI (``music.song_midi``, ``report.midi``).
"""

import re
import struct
from collections import Counter
from dataclasses import dataclass, field, replace
from fractions import Fraction
from io import BytesIO
from math import ceil
from typing import Any, Final

import mido
from mido.midifiles.meta import KeySignatureError

from firmware_py.errors import SongError, UsageError
from firmware_py.music.importing.score import FINE, MOST_NOTES, Score, Voice, evened_tempos, plan_of_bars
from firmware_py.music.pitch import parse_key
from firmware_py.music.song import ScoreNote
from firmware_py.music.song_file import MOST_SECONDS
from firmware_py.music.tempo_map import TempoChange, TempoMap

MOST_BYTES: Final = 1_000_000
MOST_EVENTS_OF_TIME: Final = 20_000  # changes of tempo or metre
MOST_BARS: Final = 4_000
DRUM_CHANNEL: Final = 9
_HEADER: Final = struct.Struct(">4sIHHH")
_SHORTEST: Final = Fraction(1, FINE)
_VOLUME: Final = 100.0  # what a channel has before anything is said


@dataclass
class _Line:
    """One track's notes on one channel, while they are collected; onsets in ticks."""

    name: str
    channel: int
    program: int = 0
    volume: float = _VOLUME
    begun: dict[int, tuple[int, int]] = field(default_factory=dict)
    notes: list[tuple[int, int, int, int]] = field(default_factory=list)
    owed: dict[int, int] = field(default_factory=dict)  # ends still to come of notes that were struck again before

    def on(self, tick: int, key: int, velocity: int, *, has_end: bool) -> None:
        """Begin a note; one of the same key that still sounds ends here. has_end: its own end comes all the same."""
        if key in self.begun:
            self._end(tick, key)
            self.owed[key] = self.owed.get(key, 0) + has_end
        self.begun[key] = (tick, min(127, max(1, round(velocity * self.volume / _VOLUME))))

    def off(self, tick: int, key: int) -> None:
        """End the note of a key, unless this is the end of an earlier one."""
        if self.owed.get(key):
            self.owed[key] -= 1
        else:
            self._end(tick, key)

    def _end(self, tick: int, key: int) -> None:
        if key in self.begun:
            start, velocity = self.begun.pop(key)
            if tick > start:
                self.notes.append((start, tick, key, velocity))


@dataclass
class _Times:
    """What says how time goes, in ticks."""

    tempos: list[tuple[int, int]] = field(default_factory=list)
    metres: list[tuple[int, int, int]] = field(default_factory=list)
    keys: list[tuple[int, str]] = field(default_factory=list)


def read_midi(raw: bytes, source: str) -> Score:
    """Read the bytes of a Standard MIDI File, or of one in a RIFF wrapping. Raises SongError."""
    if raw[:4] == b"RIFF":
        raw = raw[20:]
    if len(raw) > MOST_BYTES:
        raise SongError(f"{source}: {len(raw) / 1e6:.1f} MB is more than a song has; at most {MOST_BYTES // 1000} kB")
    ticks_a_beat = _checked_header(raw, source)
    file = _parsed(raw, source)
    times, lines, words, unended = _Times(), list[_Line](), 0, 0
    titles: list[str] = []
    for number, track in enumerate(file.tracks, 1):
        told = _read_track(track, number, times, lines, source)
        words += told[1]
        unended += told[2]
        titles.append(told[0])
    if sum(len(line.notes) for line in lines) > MOST_NOTES:
        raise SongError(f"{source}: it has more than {MOST_NOTES} notes; leave some tracks away")
    beats = [(Fraction(tick, ticks_a_beat), 60e6 / us) for tick, us in _checked_tempos(times, ticks_a_beat, source)]
    last = Fraction(max((end for line in lines for _, end, _, _ in line.notes), default=0), ticks_a_beat)
    tempo_map = TempoMap(beats[0][1], [TempoChange(at, bpm) for at, bpm in beats[1:] if at > 0])
    if (seconds := tempo_map.seconds_at(last)) > MOST_SECONDS:
        raise SongError(
            f"{source}: it lasts {_span(seconds)}; a song lasts at most {_span(MOST_SECONDS)}: cut it in an editor"
        )
    remarks = []
    if unended:
        remarks.append(f"{unended} notes were never ended; they end with their track")
    if words:
        remarks.append("its words are left out")
    metre, metres, pickup, missing, odd = _bars(times, ticks_a_beat, last)
    if odd:
        remarks.append(odd)
    if len({key for _, key in times.keys}) > 1:
        remarks.append("it changes its key; it is written in the first one, with accidentals")
    bpm, tempos = evened_tempos(beats)
    if not times.tempos:
        remarks.append("it names no tempo; 120 quarter notes a minute are taken")
    score = Score(
        title=next((t for t, track in zip(titles, file.tracks, strict=True) if t and not _sounds(track)), ""),
        composer="",
        voices=tuple(_voice(line, ticks_a_beat, len(lines)) for line in lines if line.notes),
        metre=metre,
        tempo_bpm=bpm,
        tempos=tempos,
        pickup=pickup,
        key=times.keys[0][1] if times.keys else "",
        exact=False,
        remarks=tuple(remarks),
    ).moved(missing)
    return replace(score, metres=metres)


def _checked_header(raw: bytes, source: str) -> int:
    if len(raw) < _HEADER.size:
        raise SongError(f"{source}: the file ends in its header; copy it again")
    name, _, kind, _, division = _HEADER.unpack(raw[: _HEADER.size])
    if name != b"MThd":
        raise SongError(f"{source}: this is no Standard MIDI file (no MThd at its beginning)")
    if kind == 2:
        raise SongError(
            f"{source}: it is a MIDI file of format 2, several pieces in one; save one of them as format 0 or 1"
        )
    if kind > 2:
        raise SongError(f"{source}: it is a MIDI file of format {kind}; save it as format 0 or 1")
    if division & 0x8000:
        raise SongError(f"{source}: its time is that of film (SMPTE), not beats; save it with ticks a quarter note")
    if division == 0:
        raise SongError(f"{source}: its header gives a quarter note 0 ticks; save it again")
    # Numbers are written in bytes of 128 and above but for their last: mido would add up one of any length.
    if run := re.search(rb"[\x80-\xff]{4096}", raw):
        raise SongError(f"{source}: byte {run.start()}: what stands there is no MIDI; save the file again")
    return int(division)


def _parsed(raw: bytes, source: str) -> Any:
    stream = BytesIO(raw)
    try:
        return mido.MidiFile(file=stream, clip=True)
    except EOFError as error:
        track = raw[: stream.tell()].count(b"MTrk")
        raise SongError(
            f"{source}: the file ends in the middle of track {track} (byte {len(raw)}); copy it again"
        ) from error
    except (OSError, ValueError, LookupError, TypeError, ArithmeticError, struct.error, KeySignatureError) as error:
        at = stream.tell()
        track = raw[:at].count(b"MTrk")
        raise SongError(
            f"{source}: track {track}, byte {at}: {str(error) or type(error).__name__}; save the file again"
        ) from error


def _read_track(track: Any, number: int, times: _Times, lines: list[_Line], source: str) -> tuple[str, int, int]:
    """Collect one track; return its name, how many words it has, and how many of its notes were never ended."""
    tick, name, words = 0, "", 0
    of_channel: dict[int, _Line] = {}
    unmatched = _unmatched(track)

    def line(channel: int) -> _Line:
        if channel not in of_channel:
            of_channel[channel] = _Line("", channel)
        return of_channel[channel]

    for message in track:
        tick += message.time
        kind = message.type
        if kind == "note_on" and message.velocity:
            line(message.channel).on(
                tick, message.note, message.velocity, has_end=(message.channel, message.note) not in unmatched
            )
        elif kind in ("note_on", "note_off"):
            line(message.channel).off(tick, message.note)
        elif kind == "program_change":
            line(message.channel).program = message.program
        elif kind == "control_change" and message.control == 7:
            line(message.channel).volume = float(message.value)
        elif kind == "set_tempo":
            times.tempos.append((tick, message.tempo))
        elif kind == "time_signature":
            times.metres.append((tick, message.numerator, message.denominator))
        elif kind == "key_signature":
            times.keys.append((tick, message.key))
        elif kind == "track_name" and not name:
            name = _text(message.name)
        elif kind == "lyrics":
            words += 1
        if len(times.tempos) + len(times.metres) > MOST_EVENTS_OF_TIME:
            raise SongError(
                f"{source}: track {number} changes tempo or metre more than {MOST_EVENTS_OF_TIME} times; thin it out"
            )
    unended = 0
    for channel, found in of_channel.items():
        unended += len(found.begun)
        for key in list(found.begun):
            found.owed.clear()
            found.off(max(tick, found.begun[key][0] + 1), key)
        found.notes.sort()
        found.name = name or f"Track {number}"
        if len(of_channel) > 1:
            found.name += f", channel {channel + 1}"
    lines.extend(of_channel.values())
    times.keys[:] = [(at, _key(key)) for at, key in times.keys]
    return name, words, unended


def _unmatched(track: Any) -> set[tuple[int, int]]:
    """Return channel and key of those notes that do not end as often as they begin."""
    balance: Counter[tuple[int, int]] = Counter()
    for message in track:
        if message.type in ("note_on", "note_off"):
            begins = message.type == "note_on" and message.velocity > 0
            balance[message.channel, message.note] += 1 if begins else -1
    return {which for which, left in balance.items() if left}


def _checked_tempos(times: _Times, ticks_a_beat: int, source: str) -> list[tuple[int, int]]:
    for tick, microseconds in times.tempos:
        if microseconds <= 0:
            raise SongError(
                f"{source}: at quarter note {tick // ticks_a_beat + 1} the tempo is 0 microseconds a beat, "
                "which nobody can play; correct it"
            )
    found = dict(sorted(times.tempos, key=lambda t: t[0]))
    return sorted({0: 500_000, **found}.items())


def _bars(
    times: _Times, ticks_a_beat: int, last: Fraction
) -> tuple[tuple[int, int], tuple[Any, ...], Fraction, Fraction, str]:
    """Return first metre, changes, upbeat, the quarter notes that the upbeat lacks, and a remark."""
    odd = ""
    changes: dict[Fraction, tuple[int, int]] = {Fraction(0): (4, 4)}
    for tick, beats, unit in sorted(times.metres):
        at = Fraction(round(Fraction(tick, ticks_a_beat) * 4), 4)
        if not 1 <= beats <= 99 or unit not in (1, 2, 4, 8, 16):
            odd = f"a metre of {beats}/{unit} at quarter note {int(at) + 1} is passed over"
            continue
        if at <= last:
            changes[at] = (beats, unit)
    starts = sorted(changes)
    bars: list[tuple[Fraction, tuple[int, int]]] = []
    for n, start in enumerate(starts):
        metre = changes[start]
        whole = Fraction(metre[0] * 4, metre[1])
        if n + 1 == len(starts):
            bars.append((whole, metre))
            break
        stretch = starts[n + 1] - start
        bars += [(whole, metre)] * min(MOST_BARS, int(stretch // whole))
        if stretch % whole:
            bars.append((stretch % whole, metre))
    # A first bar in a shorter metre than the second is an upbeat, as other programs write it.
    whole = Fraction(bars[1][1][0] * 4, bars[1][1][1]) if len(bars) > 1 else Fraction(0)
    if len(bars) > 1 and bars[0][0] < whole and bars[0][1] != bars[1][1]:
        bars[0] = (bars[0][0], bars[1][1])
    metre, metres, pickup = plan_of_bars(bars)
    missing = Fraction(metre[0] * 4, metre[1]) - pickup if pickup else Fraction(0)
    return metre, metres, pickup, missing, odd


def _voice(line: _Line, ticks_a_beat: int, lines: int) -> Voice:
    notes = []
    for start, end, key, velocity in line.notes:
        onset = _fine(start, ticks_a_beat)
        notes.append(ScoreNote(onset, max(_SHORTEST, _fine(end, ticks_a_beat) - onset), key, velocity))
    name = line.name if lines > 1 or not line.name.startswith("Track ") else "the only track"
    return Voice(name[:60], tuple(notes), line.program, line.channel == DRUM_CHANNEL)


def _fine(tick: int, ticks_a_beat: int) -> Fraction:
    return Fraction(round(Fraction(tick * FINE, ticks_a_beat)), FINE)


def _sounds(track: Any) -> bool:
    return any(message.type == "note_on" for message in track)


def _key(name: str) -> str:
    """Return a key in our words: mido says ``F#m`` or ``Bb``; empty for one that is none."""
    if not name or " " in name:
        return name
    try:
        return str(parse_key(f"{name.removesuffix('m')} {'minor' if name.endswith('m') else 'major'}"))
    except UsageError:
        return ""


def _text(latin: str) -> str:
    """Return a name as it was meant: mido reads bytes as Latin-1, most programs write UTF-8."""
    try:
        text = latin.encode("latin-1").decode("utf-8")
    except UnicodeError:
        text = latin
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _span(seconds: float) -> str:
    if seconds >= 5400:
        return f"{seconds / 3600:.1f} hours"
    return f"{ceil(seconds)} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"
