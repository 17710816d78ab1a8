"""A session as it was played, worked out from its folder: song, curves, notes, and marks where they are wanted.

Not here: what the report says of it (``report``), or what playing is worth (``music.marks``).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from firmware_py.archive.session_folder import SessionFolder, SessionRecord
from firmware_py.hand_sample import Flag
from firmware_py.music.articulation import without_closings
from firmware_py.music.curve import PitchCurve, curve_of
from firmware_py.music.delay import longest_delay_s
from firmware_py.music.evaluation import Evaluation, evaluation_of
from firmware_py.music.imported_songs import imported_folder
from firmware_py.music.marks import FREE_BREATH_S, FREE_FIST_S, Marks, marks_for_song
from firmware_py.music.note import Note
from firmware_py.music.notes import SHORTEST_NOTE_S, notes_of
from firmware_py.music.pitch import Key
from firmware_py.music.song import Song
from firmware_py.music.songs_library import FREE_PLAY, as_played, load_song
from firmware_py.report.free_play import key_of
from firmware_py.report.notation import Metre

FREE_METRE: Final = Metre(4, 4)
FREE_TEMPO_BPM: Final = 100.0


@dataclass(frozen=True)
class Performance:
    """A session as it was played.

    song: at its tempo and key, None in free play. curve, notes: of the first hand, which follows the song;
    second_curve, second: of the second hand, None and empty where only one played. marks: None in free play and where
    nobody wants them; evaluation goes with them. forgiven_s: the delay that is taken off before notes are written down:
    the machine's own and a little of a player's.
    """

    record: SessionRecord
    song: Song | None
    curve: PitchCurve
    notes: tuple[Note, ...]
    marks: Marks | None
    forgiven_s: float
    evaluation: Evaluation | None = None
    second_curve: PitchCurve | None = None
    second: tuple[Note, ...] = ()

    @cached_property
    def key(self) -> Key:
        """The song's key; in free play the one that its notes speak for."""
        return self.song.parsed_key if self.song else key_of((*self.notes, *self.second))

    @property
    def metre(self) -> Metre:
        """The song's metre, or that of free play."""
        return Metre(self.song.beats_per_bar, self.song.beat_unit) if self.song else FREE_METRE

    @property
    def tempo_bpm(self) -> float:
        """Quarter notes a minute, as played."""
        return self.song.tempo_bpm if self.song else self.record.tempo_bpm or FREE_TEMPO_BPM

    @property
    def start_s(self) -> float:
        """Where bar 1 begins; in free play with the first note."""
        if self.song is None:
            return min((n[0].onset_s for n in (self.notes, self.second) if n), default=0.0)
        return self.record.song_start_s

    @property
    def heard(self) -> bool:
        """Whether any note was played, by either hand."""
        return bool(self.notes or self.second)


def performance_of(folder: SessionFolder, record: SessionRecord, song_folders: Sequence[Path]) -> Performance:
    """Return what was played in a session; hand.samples that are cut or missing are a session without notes.

    Raises SessionFolderError where they cannot be read, SongError for a song that is gone.
    """
    song = None
    if record.song not in ("", FREE_PLAY):
        song_folders = (folder.path, *song_folders, imported_folder(folder.path.parent.parent))
        song = as_played(
            load_song(record.song, song_folders),
            transpose=record.transpose,
            practised=record.passage,
            span=record.span,
        )
        if record.tempo_bpm > 0:
            song = song.at_tempo(record.tempo_bpm)
        song = song if song.melody else None  # over a recording without notes one plays freely
    samples = folder.samples()
    curve, notes = _voice(samples, record, song)
    second_curve, second = None, tuple[Note, ...]()
    if record.voices > 1 and (samples["flags"] & Flag.SECOND_HAND).any():
        second_curve, second = _voice(second_hand(samples), record, song)
    played = Performance(record, song, curve, notes, None, 0.0, second_curve=second_curve, second=second)
    if song is None:
        return played
    machine_s = longest_delay_s(record.delay_s, record.delay_moves)
    delay_s = machine_s + record.device_delay_s  # who follows a song that is heard late is late by as much
    breath_s = FREE_FIST_S if record.mapping.shut_below > 0 else FREE_BREATH_S
    marks = marks_for_song(curve, song, record.song_start_s, delay_s=delay_s, played=notes, breath_s=breath_s)
    forgiven_s = marks.forgiven_s if marks and notes else record.delay_s
    if marks is None or not record.marked:
        return replace(played, forgiven_s=forgiven_s)
    evaluation = evaluation_of(curve, song.melody_at(record.song_start_s), notes, lag_s=forgiven_s)
    return replace(played, marks=marks, forgiven_s=forgiven_s, evaluation=evaluation)


def second_hand(samples: NDArray[np.void]) -> NDArray[np.void]:
    """Return the samples with the second hand in the first one's place: dtype HAND_SAMPLE, shape as before."""
    swapped = samples.copy()
    swapped["hands"][:, 0] = samples["hands"][:, 1]
    there = (samples["flags"] & Flag.SECOND_HAND) != 0
    others = samples["flags"] & ~np.uint16(Flag.PRESENT | Flag.SECOND_HAND)
    swapped["flags"] = others | np.where(there, np.uint16(Flag.PRESENT), np.uint16(0))
    return swapped


def _voice(samples: NDArray[np.void], record: SessionRecord, song: Song | None) -> tuple[PitchCurve, tuple[Note, ...]]:
    """Return the curve of the first hand of some samples, and its notes."""
    seconds = record.seconds
    if seconds <= 0 and len(samples):  # a session that was cut: as long as its samples
        longest_s = longest_delay_s(record.delay_s, record.delay_moves)
        seconds = max(0.0, (int(samples["t_capture_ns"].max()) - record.t0_ns) * 1e-9 + longest_s)
    curve = curve_of(
        samples,
        record.mapping,
        t0_ns=record.t0_ns,
        delay_s=record.delay_s,
        delay_moves=record.delay_moves,
        seconds=seconds,
        sound_rate_hz=record.rate_hz,
    )
    if record.mapping.shut_below > 0:
        curve = without_closings(
            curve, samples, t0_ns=record.t0_ns, delay_s=record.delay_s, delay_moves=record.delay_moves
        )
    notes = notes_of(curve) if (samples["flags"] & Flag.PRESENT).any() else ()
    if record.song_start_s > 0 or song:
        begins = record.song_start_s + record.delay_s  # what is before is for trying, and for finding the reach
        notes = tuple(n for n in notes if n.end_s - max(n.onset_s, begins) >= SHORTEST_NOTE_S)
    return curve, notes
