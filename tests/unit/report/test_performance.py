"""A session worked out from its folder: two hands, marks or none."""

import json

import numpy as np
import pytest

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.hand_sample import HAND_SAMPLE, Flag
from firmware_py.music.songs_library import load_song
from firmware_py.report.contents import Report
from firmware_py.report.performance import second_hand
from firmware_py.report.report import make_report
from tests.unit.report.test_report import a_poor_performance, files_of, midi_pitches, musicxml_pitches, words_of


def with_second_hand(folder: SessionFolder, areas: np.ndarray) -> SessionFolder:
    """Let a second hand play: one area a sample, 0 where it is away."""
    samples = folder.samples().copy()
    there = areas[: len(samples)] > 0
    samples["flags"][there] |= np.uint16(Flag.SECOND_HAND)
    samples["hands"]["area"][there, 1] = areas[: len(samples)][there]
    samples["hands"]["y"][there, 1] = 0.4
    folder.write_whole(SessionFolder.SAMPLES, samples.tobytes())
    return folder


@pytest.fixture
def of_two(session_of):
    """Return a function that makes a session in which the second hand holds three notes of the song's range."""

    def make(song="ode-to-joy", **more):
        folder = session_of(song, **more)
        mapping = folder.record().mapping
        areas = np.zeros(60 * 200)
        for start, pitch in ((180, 62), (300, 66), (420, 69)):
            areas[start : start + 90] = mapping.area_of(pitch)
        return with_second_hand(folder, areas)

    return make


def test_the_second_hand_takes_the_place_of_the_first_and_nothing_else_changes():
    samples = np.zeros(3, HAND_SAMPLE)
    samples["flags"] = (Flag.PRESENT, Flag.PRESENT | Flag.SECOND_HAND, Flag.SECOND_HAND | Flag.GESTURE_VALID)
    samples["hands"]["area"] = ((0.1, 0.2), (0.3, 0.4), (0.5, 0.6))
    samples["frame"] = (7, 8, 9)
    swapped = second_hand(samples)
    assert swapped["flags"].tolist() == [0, Flag.PRESENT, Flag.PRESENT | Flag.GESTURE_VALID]
    assert swapped["hands"]["area"][:, 0].tolist() == pytest.approx([0.2, 0.4, 0.6])
    assert swapped["frame"].tolist() == [7, 8, 9]
    assert samples["flags"][1] == Flag.PRESENT | Flag.SECOND_HAND


def test_two_hands_are_two_voices_in_every_file(of_two, musicxml_schema):
    folder = of_two(voices=2)
    report = make_report(folder)
    assert [round(n.pitch) for n in report.second] == [62, 66, 69]
    files = files_of(folder)
    musicxml_schema.validate(files[SessionFolder.MUSICXML].decode())
    assert musicxml_pitches(files[SessionFolder.MUSICXML], "Second hand") == [62, 66, 69]
    assert midi_pitches(files[SessionFolder.MIDI], "Second hand") == [62, 66, 69]
    assert "The blue line is the second hand" in words_of(folder)
    assert Report.from_json(files[SessionFolder.REPORT]) == report


def test_the_first_hand_alone_is_marked(of_two, session_of):
    both, alone = make_report(of_two(voices=2)), make_report(session_of())
    assert (both.marks, both.wanted, both.notes) == (alone.marks, alone.wanted, alone.notes)


def test_a_second_hand_that_did_not_sound_is_not_written_down(of_two):
    assert make_report(of_two()).second == ()


def test_free_play_of_two_hands_has_both_on_its_page(of_two):
    folder = of_two("free", notes=[], seconds=12.0, voices=2, song_start_s=0.0)
    report = make_report(folder)
    assert (len(report.second), report.notes) == (3, ())
    words = words_of(folder)
    assert "You played 3 notes" in words
    assert "No notes this time" not in words


def test_who_wants_no_marks_finds_none_anywhere(session_of, musicxml_schema):
    folder = session_of(notes=a_poor_performance(), marked=False)
    report = make_report(folder)
    assert (report.marks, report.wanted, report.extra, report.evaluation, report.earlier) == (None, (), (), None, ())
    assert report.notes
    assert {bar.marks for bar in report.bars} == {None}
    words = words_of(folder)
    for unwanted in ("/ 100", "points", "right", "missed", "How the marks are made", "marks"):
        assert unwanted not in words, unwanted
    assert "You played" in words
    told = json.loads(folder.file(SessionFolder.REPORT).read_bytes())
    assert told["marks"] is None
    files = files_of(folder)
    musicxml_schema.validate(files[SessionFolder.MUSICXML].decode())
    melody = [n.midi for n in load_song("ode-to-joy").melody]
    assert musicxml_pitches(files[SessionFolder.MUSICXML], "Melody") == melody


def test_bars_have_a_tempo_and_the_fields_figures_stand_in_the_report(session_of):
    report = make_report(session_of())
    assert [bar.tempo_ratio for bar in report.bars] == pytest.approx([1.0] * len(report.bars), abs=0.02)
    assert all(abs(bar.late_ms) < 60 for bar in report.bars)
    assert report.evaluation.note_f1 >= 0.97
    assert report.evaluation.raw_pitch >= 0.8
    assert report.marks.points >= 9_900


def test_a_report_of_before_these_fields_still_reads(session_of):
    folder = session_of()
    report = make_report(folder)
    told = json.loads(folder.file(SessionFolder.REPORT).read_bytes())
    for new in ("second", "evaluation", "earlier"):
        del told[new]
    for bar in told["bars"]:
        del bar["late_ms"], bar["tempo_ratio"]
    old = Report.from_json(json.dumps(told).encode())
    assert (old.marks, old.notes, old.second, old.evaluation) == (report.marks, report.notes, (), None)
