"""UltraStar texts as people have them: other line ends and encodings, cut off, relative, duets."""

import numpy as np
import pytest
import soundfile

from firmware_py.errors import SongError
from firmware_py.music.tempo_map import TempoChange
from tests.unit.music.foreign_files import F

HEAD = "#TITLE:Élan\n#ARTIST:Ana\n#YEAR:1999\n#BPM:240\n#GAP:1500\n"
NOTES = ": 0 4 0 La\n: 4 4 2 la\n* 8 4 4 la\n- 14\n: 16 8 -1 la\nE\n"


@pytest.fixture
def sound(tmp_path):
    path = tmp_path / "tune.wav"
    soundfile.write(path, np.zeros(8000 * 20), 8000)
    return path


def line(found):
    return [(n.onset, n.duration, n.midi) for n in found.song.melody]


TUNE = [(0, F(1, 2), 60), (F(1, 2), F(1, 2), 62), (1, F(1, 2), 64), (2, 1, 59)]


def test_beats_become_quarter_notes_at_a_tempo_that_people_count(read):
    found = read((HEAD + NOTES).encode())
    assert found.song.tempo_bpm == 120.0
    assert line(found) == TUNE
    assert (found.song.title, found.song.composer, found.song.year) == ("Élan", "Ana", 1999)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "latin-1"])
def test_line_ends_and_encodings_of_other_systems_are_read(read, end, encoding):
    found = read((HEAD + NOTES).replace("\n", end).encode(encoding))
    assert (line(found), found.song.title) == (TUNE, "Élan")


@pytest.mark.parametrize("gap_ms", [1500, 0, -800])
def test_the_gap_is_where_the_first_bar_lies_in_the_recording(read, sound, gap_ms):
    text = HEAD.replace("1500", str(gap_ms)) + "#MP3:tune.wav\n" + NOTES
    recording = read(text.encode()).song.recording
    assert recording.start_s == gap_ms / 1000
    assert recording.seconds == pytest.approx(20.0)
    assert recording.file == str(sound)


def test_a_recording_named_on_the_command_line_takes_the_place_of_the_files_own(read, sound):
    found = read((HEAD + "#MP3:/home/ana/other.mp3\n" + NOTES).encode(), audio=str(sound))
    assert found.song.recording.file == str(sound)


def test_without_its_recording_the_melody_is_still_a_song(read):
    found = read((HEAD + "#AUDIO:gone.mp3\n" + NOTES).encode())
    assert found.song.recording is None
    assert any("'gone.mp3' is not beside it" in remark for remark in found.remarks)


def test_a_text_that_was_cut_off_and_one_with_comma_and_changes_of_tempo(read):
    text = HEAD.replace("240", "240,0") + NOTES.replace("E\n", "B 16 120\n")
    found = read(text.encode())
    assert found.song.tempos == (TempoChange(F(2), 60.0),)
    assert any("E, is missing" in remark for remark in found.remarks)


def test_relative_beats_are_counted_from_the_last_break(read):
    text = HEAD + "#RELATIVE:YES\n: 0 4 0 La\n: 4 4 2 la\n* 8 4 4 la\n- 14 16\n: 0 8 -1 la\nE\n"
    assert line(read(text.encode())) == TUNE


def test_of_a_duet_one_voice_is_the_melody_and_the_other_can_be_asked_for(read):
    text = HEAD + "#P2:Ben\nP1\n" + NOTES.replace("E\n", "") + "P2\n: 0 16 12 ah\nE\n"
    assert line(read(text.encode(), track="singer 1")) == TUNE
    assert line(read(text.encode(), track="Ben")) == [(0, 2, 72)]
    assert any("duet" in remark for remark in read(text.encode()).remarks)


def test_rap_and_free_notes_are_left_out_and_breaths_are_sung_through(read):
    found = read((HEAD + ": 0 3 0 La\n: 4 4 2 la\nF 8 4 4 la\nR 12 4 4 la\nE\n").encode())
    assert line(found) == TUNE[:2]
    assert any("2 rapped or free notes" in remark for remark in found.remarks)


def test_notes_before_beat_0_are_an_upbeat_of_an_earlier_bar(read):
    found = read((HEAD + ": -4 4 0 La\n: 0 4 2 la\n: 8 8 4 la\nE\n").encode())
    assert (found.song.pickup, line(found)) == (F(1, 2), [(F(7, 2), F(1, 2), 60), (4, F(1, 2), 62), (5, 1, 64)])
    assert any("before beat 0" in remark for remark in found.remarks)


def test_a_note_without_a_length_is_left_out_and_anything_that_begins_with_e_is_the_end(read):
    found = read((HEAD + ": 0 4 0 La\n: 4 4 2 la\n: 8 0 9 la\n: 8 4 4 la\n: 16 8 -1 la\nEnd\nand more\n").encode())
    assert line(found) == TUNE
    assert any("without a length are left out (1" in remark for remark in found.remarks)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (HEAD + "#MP3:/etc/passwd\n" + NOTES, "only a file beside it"),
        (HEAD + "#MP3:..\\x.mp3\n" + NOTES, "only a file beside it"),
        (HEAD + "#MP3:C:\\x.mp3\n" + NOTES, "only a file beside it"),
        (HEAD.replace("#BPM:240\n", "") + NOTES, "#BPM is missing"),
        (HEAD.replace("240", "fast") + NOTES, "#BPM is 'fast'"),
        (HEAD.replace("240", "0") + NOTES, "#BPM is '0'"),
        (HEAD.replace("240", "2") + NOTES, "#BPM is '2'; it takes a number, 10…4000"),
        (HEAD.replace("1500", "1e9") + NOTES, "#GAP is '1e9'"),
        (HEAD.replace("1500", "999999999") + NOTES, "#GAP"),
        (HEAD + ": 0 4\nE\n", "line 6: ': 0 4' cannot be read"),
        (HEAD + ": 0 -1 1 x\nE\n", "line 6"),
        (HEAD + ": 0 0 1 x\nE\n", "no note"),
        (HEAD + ": 0 4 99 x\nE\n", "line 6"),
        (HEAD + ": -9999999 4 1 x\nE\n", "before beat 0"),
        (HEAD + ": 9999999 4 1 x\nE\n", "beyond the 10th minute"),
        (HEAD + "hello\n", "line 6: 'hello'"),
        (HEAD + "E\n", "no note"),
        (HEAD + "R 0 4 4 x\nE\n", "no note"),
    ],
)
def test_what_cannot_be_a_song_is_refused_at_its_place(read, text, says):
    with pytest.raises(SongError, match=says) as refused:
        read(text.encode(), "strange.txt")
    assert str(refused.value).startswith("strange.txt")
