"""Songs and files that the importers' tests share."""

from fractions import Fraction
from io import BytesIO

import mido

from firmware_py.music.bars import MetreChange
from firmware_py.music.song import Part, ScoreNote, Song
from firmware_py.music.tempo_map import TempoChange

F = Fraction
NONE = F(0)


def notes(*words):
    """(onset, duration, midi) → ScoreNote."""
    return tuple(ScoreNote(F(on), F(length), midi) for on, length, midi in words)


def song_of(melody, *, parts=(), metre=(4, 4), key="C major", tempo=120.0, pickup=NONE, tempos=(), metres=()):
    return Song(
        "x", "Tune", "Anon", 1800, "f", 1, tempo, *metre, key, tuple(melody), tuple(parts),
        pickup=pickup, tempos=tuple(tempos), metres=tuple(metres),
    )  # fmt: skip


BASS = Part("Bass", 32, notes((0, 2, 36), (2, 2, 43), (4, 4, 36)))
DRUMS = Part("Drums", 0, notes(*((n, F(1, 2), (36, 38)[n % 2]) for n in range(8))), drums=True)
SCALE = notes(*((n, 1, 60 + (0, 2, 4, 5, 7, 9, 11, 12)[n]) for n in range(8)))

ODD_SONGS = {
    "triplets": song_of(notes(*((F(n, 3), F(1, 3), 60 + n % 5) for n in range(12)), (4, 4, 60))),
    "ties over bars": song_of(notes((0, 3, 60), (3, 2, 64), (5, F(7, 2), 67), (F(17, 2), F(7, 2), 60))),
    "five flats": song_of(notes((0, 1, 61), (1, 1, 63), (2, 1, 65), (3, 1, 66), (4, 4, 61)), key="Db major"),
    "sixteenths and rests": song_of(
        notes((0, F(1, 4), 60), (F(1, 2), F(3, 4), 62), (F(5, 2), F(1, 2), 64), (4, 4, 60))
    ),
    "upbeat": song_of(notes((2, 1, 67), (3, 2, 72), (5, 1, 71), (6, 3, 72)), metre=(3, 4), pickup=F(1)),
    "six eighths": song_of(notes((0, F(3, 2), 60), (F(3, 2), F(3, 2), 64), (3, 3, 60)), metre=(6, 8)),
    "changes of tempo": song_of(SCALE, tempos=[TempoChange(F(4), 90.0), TempoChange(F(6), 60.0)]),
    "changes of metre": song_of(
        notes((0, 4, 60), (4, 3, 62), (7, 3, 64), (10, 1, 65), (F(23, 2), 2, 67)),
        metres=[MetreChange(F(4), 3, 4), MetreChange(F(10), 7, 8)],
    ),
    "a minor key": song_of(notes((0, 1, 69), (1, 1, 68), (2, 2, 69), (4, 2, 76), (6, 2, 69)), key="A minor"),
}  # fmt: skip


def facts_of(song):
    """What must survive the way through another format."""
    melody = [(n.onset, n.duration, n.midi) for n in song.melody]
    metre = (song.beats_per_bar, song.beat_unit, song.metres)
    return melody, metre, song.pickup, song.key


def midi(*tracks, kind=1, ticks=480) -> bytes:
    """A MIDI file of tracks of (tick, message) in any order."""
    file = mido.MidiFile(type=kind, ticks_per_beat=ticks)
    for events in tracks:
        track, now = mido.MidiTrack(), 0
        for tick, message in sorted(events, key=lambda e: e[0]):
            track.append(message.copy(time=tick - now))
            now = tick
        file.tracks.append(track)
    out = BytesIO()
    file.save(file=out)
    return out.getvalue()


def played(*words, channel=0, ticks=480):
    """(onset, duration, midi) in quarter notes → events."""
    events = []
    for on, length, key in words:
        events.append((round(on * ticks), mido.Message("note_on", channel=channel, note=key, velocity=90)))
        events.append((round((on + length) * ticks), mido.Message("note_off", channel=channel, note=key)))
    return sorted(events, key=lambda e: (e[0], e[1].type == "note_on"))
