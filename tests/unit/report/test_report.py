import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import mido
import pytest

from firmware_py.archive.session_folder import Gap, SessionFolder
from firmware_py.errors import ReportError, SessionFolderError, SongError
from firmware_py.music import agreement, judge, marks
from firmware_py.music.note import Note
from firmware_py.music.passage import Passage, passage
from firmware_py.music.songs_library import known_songs, load_song
from firmware_py.report import preview
from firmware_py.report.contents import Report
from firmware_py.report.figures import figures_of
from firmware_py.report.report import make_report

F = Fraction  # of beats

DERIVED = (
    SessionFolder.MIDI, SessionFolder.MUSICXML, SessionFolder.NOTES, SessionFolder.REPORT, SessionFolder.SCORE,
    SessionFolder.PREVIEW,
)  # fmt: skip
STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def files_of(folder: SessionFolder) -> dict[str, bytes]:
    return {name: folder.file(name).read_bytes() for name in DERIVED}


def words_of(folder: SessionFolder) -> str:
    read = subprocess.run(
        ["pdftotext", folder.file(SessionFolder.SCORE), "-"], capture_output=True, check=True, text=True
    )
    return re.sub(r"\s+", " ", read.stdout.replace("\u200b", ""))


def midi_pitches(content: bytes, track: str) -> list[int]:
    file = mido.MidiFile(file=BytesIO(content))
    return [m.note for t in file.tracks if t.name == track for m in t if m.type == "note_on"]


def musicxml_pitches(content: bytes, part: str) -> list[int]:
    score = ElementTree.fromstring(content)
    name = next(p.get("id") for p in score.iter("score-part") if p.findtext("part-name") == part)
    notes = score.findall(f"part[@id='{name}']/measure/note")
    return [
        12 * (int(n.findtext("pitch/octave")) + 1)
        + STEPS[n.findtext("pitch/step")]
        + int(n.findtext("pitch/alter", "0"))
        for n in notes
        if n.find("pitch") is not None and not any(t.get("type") == "stop" for t in n.findall("tie"))
    ]


def a_poor_performance() -> list[Note]:
    """Late, sharp, with notes left out, a wrong one and one too many: each note's fate by its place."""
    notes = []
    for n, note in enumerate(load_song("ode-to-joy").melody_at(0.0)):
        if n % 7 == 5:
            continue
        if n % 11 == 3:
            note = replace(note, pitch=note.pitch + 0.6)
        if n % 13 == 4:
            note = replace(note, onset_s=note.onset_s + 0.15, duration_s=note.duration_s - 0.15)
        if n % 17 == 8:
            half = note.duration_s / 2
            notes.append(replace(note, duration_s=half))
            note = replace(note, onset_s=note.onset_s + half, duration_s=half, pitch=note.pitch + 4)
        notes.append(note)
    return notes


def test_perfect_playing_is_reported_as_such(session_of):
    report = make_report(session_of())
    assert report.marks.total >= 95
    assert [w.verdict for w in report.wanted].count("right") >= 0.95 * len(report.wanted)
    assert [round(n.pitch) for n in report.notes] == [w.pitch for w in report.wanted]


@pytest.mark.parametrize("song", known_songs())
def test_every_song_makes_valid_files_that_hold_the_same_notes(song, session_of, musicxml_schema):
    folder = session_of(song)
    report = make_report(folder)
    files = files_of(folder)
    musicxml_schema.validate(files[SessionFolder.MUSICXML].decode())
    played = [round(n.pitch) for n in report.notes]
    assert len(played) >= 0.9 * len(report.wanted)
    assert (
        midi_pitches(files[SessionFolder.MIDI], "Played")
        == musicxml_pitches(files[SessionFolder.MUSICXML], "Played")
        == played
    )
    melody = [w.pitch for w in report.wanted]
    assert (
        midi_pitches(files[SessionFolder.MIDI], "Melody")
        == musicxml_pitches(files[SessionFolder.MUSICXML], "Melody")
        == melody
    )


def test_poor_playing_loses_no_note_on_the_way(session_of, musicxml_schema):
    folder = session_of(notes=a_poor_performance())
    report = make_report(folder)
    files = files_of(folder)
    musicxml_schema.validate(files[SessionFolder.MUSICXML].decode())
    played = [round(n.pitch) for n in report.notes]
    assert (
        midi_pitches(files[SessionFolder.MIDI], "Played")
        == musicxml_pitches(files[SessionFolder.MUSICXML], "Played")
        == played
    )
    assert {"right", "sharp", "late", "missed"} <= {w.verdict for w in report.wanted}
    assert report.extra
    words = words_of(folder)
    assert f"missed {report.count('missed')}" in words
    assert f"too high {report.count('sharp')}" in words


def test_the_page_says_title_composer_player_date_marks_and_advice(session_of):
    folder = session_of()
    report = make_report(folder)
    words = words_of(folder)
    for expected in (
        "Ode to Joy",
        "Beethoven",
        "Played by Ada",
        "21 November 2026",
        f"{report.marks.total:.0f} ",
        "/ 100",
        *report.advice,
    ):
        assert re.sub(r"\s+", " ", expected) in words


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("es", ["Tocado por Ada", "21 de noviembre de 2026", "Tonalidad: re mayor", "Notas bien", "2,5 por ciento"]),
        ("de", ["Gespielt von Ada", "21. November 2026", "Tonart: D-Dur", "Richtige Töne", "2,5 Prozent"]),
        ("fr", ["Joué par Ada", "21 novembre 2026", "Tonalité : ré majeur", "Notes justes", "2,5 pour cent"]),
    ],
)
def test_the_page_is_in_the_players_language_and_no_word_of_it_in_english(session_of, language, said):
    folder = session_of(notes=a_poor_performance(), language=language)
    make_report(folder)
    words = words_of(folder)
    for expected in said:
        assert expected in words
    english = (
        "Played",
        "Melody",
        "Key",
        "beats",
        "Sound",
        "right",
        "late",
        "missed",
        "marks",
        "line",
        "note is",
        "costs",
    )
    assert [word for word in english if re.search(rf"\b{word}\b", words)] == []
    assert files_of(folder) == (make_report(folder), files_of(folder))[1], "the same bytes again"


def test_the_small_print_tells_every_figure_of_the_formula(session_of):
    folder = session_of()
    make_report(folder)
    words = words_of(folder)
    for said in (
        f"{-marks.EARLIEST_S * 1000:.0f} ms early to {marks.LATEST_S * 1000:.0f} ms late costs nothing",
        f"each further 10 ms {marks.LATE_COST_PER_S:g} per cent",
        f"within {agreement.FULL_CREDIT_CENTS:.0f} cents",
        f"from {agreement.NO_CREDIT_CENTS:.0f} cents on",
        f"first {marks.FREE_GLIDE_S * 1000:.0f} ms",
        f"up to {marks.FREE_BREATH_S * 1000:.0f} ms of silence",
        f"last {marks.FREE_LEAD_S * 1000:.0f} ms, for a next note",
        f"costs up to {marks.MOST_REST_COST:.0f}",
        f"{judge.RIGHT_CENTS:.0f} cents and {judge.ON_TIME_MS:.0f} ms",
    ):
        assert said in words, said
    shares = ((marks.GLIDE_SHARE, "half of it"), (marks.BREATH_SHARE, "(a half)"), (marks.LEAD_SHARE, "(a quarter)"))
    assert [share for share, _ in shares] == [0.5, 0.5, 0.25]  # which the words spell out
    assert all(word in words for _, word in shares)


def test_the_same_folder_gives_the_same_bytes_in_another_process(session_of, tmp_path):
    folder = session_of(notes=a_poor_performance())
    make_report(folder)
    first = files_of(folder)
    again = SessionFolder(tmp_path / "elsewhere")
    shutil.copytree(folder.path, again.path)
    for name in DERIVED:
        again.file(name).unlink()
    code = (
        "import sys; from pathlib import Path; from firmware_py.archive.session_folder import SessionFolder; "
        "from firmware_py.report.report import make_report; make_report(SessionFolder(Path(sys.argv[1])))"
    )
    environment = {
        **os.environ,
        "PYTHONHASHSEED": "7",
        "TZ": "Asia/Tokyo",
        "LC_ALL": "C",
        "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
    }
    subprocess.run([sys.executable, "-c", code, again.path], check=True, env=environment, timeout=60)
    second = files_of(again)
    assert {name for name in DERIVED if first[name] != second[name]} == set()


def test_a_session_without_a_hand_is_told_kindly_and_keeps_the_melody(session_of, musicxml_schema):
    folder = session_of(notes=[])
    report = make_report(folder)
    assert (report.notes, report.marks.total) == ((), 0.0)
    words = words_of(folder)
    assert "No notes this time" in words
    assert " 0 no notes yet" in words
    musicxml_schema.validate(folder.file(SessionFolder.MUSICXML).read_text())
    assert midi_pitches(folder.file(SessionFolder.MIDI).read_bytes(), "Played") == []


@pytest.mark.parametrize("left", [0, 1, 64 * 100 + 13])
def test_samples_that_are_cut_or_missing_still_make_a_report(session_of, left):
    folder = session_of()
    samples = folder.file(SessionFolder.SAMPLES)
    if left:
        samples.write_bytes(samples.read_bytes()[:left])
    else:
        samples.unlink()
    assert make_report(folder).notes == ()


def test_a_session_that_was_cut_off_is_as_long_as_its_samples(session_of):
    folder = session_of()
    whole = folder.record().seconds
    folder.update(seconds=0.0, end="")
    assert make_report(folder).seconds == pytest.approx(whole, abs=0.1)


def test_an_empty_session_of_no_seconds_has_a_page(session_of):
    folder = session_of(notes=[], seconds=0.0)
    assert make_report(folder).seconds == 0.0
    assert folder.file(SessionFolder.SCORE).read_bytes().startswith(b"%PDF")


def test_free_play_has_notes_and_no_marks(session_of):
    folder = session_of("free", [Note(n * 0.5, 0.5, 60 + n) for n in range(8)])
    report = make_report(folder)
    assert (report.song, report.marks, report.wanted) == (None, None, ())
    assert len(report.notes) == 8
    words = words_of(folder)
    assert "Free play" in words
    assert "/ 100" not in words
    assert musicxml_pitches(folder.file(SessionFolder.MUSICXML).read_bytes(), "Played") == [
        round(n.pitch) for n in report.notes
    ]


def test_free_play_without_a_note_has_a_page_too(session_of, musicxml_schema):
    folder = session_of("free", [], seconds=3.0)
    make_report(folder)
    assert "No notes this time" in words_of(folder)
    musicxml_schema.validate(folder.file(SessionFolder.MUSICXML).read_text())


@pytest.mark.parametrize(
    "player", ['<&"#$*_\\', "Zoë Ångström", "月 🎹", "W" * 300, "#set page(fill: red)", "two\nlines\x07", ""]
)
def test_any_name_of_a_player_is_text_and_nothing_else(session_of, player, musicxml_schema):
    folder = session_of(player=player)
    make_report(folder)
    musicxml_schema.validate(folder.file(SessionFolder.MUSICXML).read_text())
    words = re.sub(r"\s", "", words_of(folder))
    latin = "".join(c for c in player if c.isprintable() and c < "\u0250")
    assert re.sub(r"\s", "", latin) in words


def test_only_the_fonts_that_typst_brings_are_used(session_of):
    folder = session_of(player="Zoë Ω Ж محمد")
    make_report(folder)
    names = fonts_in(folder)
    assert names
    assert all(name.startswith(("Libertinus", "NewCM", "DejaVuSansMono")) for name in names), names


def test_a_chinese_name_is_set_in_a_font_of_the_system_and_gives_the_same_bytes_again(session_of):
    folder = session_of(player="山田花子")
    make_report(folder)
    assert "山田花子" in words_of(folder)
    if foreign := [name for name in fonts_in(folder) if not name.startswith(("Libertinus", "NewCM", "DejaVuSansMono"))]:
        assert len(foreign) == 1  # where no font of the system has them, they stand as boxes and are still text
    first = files_of(folder)
    make_report(folder)
    assert files_of(folder) == first


def fonts_in(folder: SessionFolder) -> set[str]:
    listed = subprocess.run(
        ["pdffonts", folder.file(SessionFolder.SCORE)], capture_output=True, check=True, text=True
    ).stdout
    return {line.split()[0].split("+")[-1] for line in listed.splitlines()[2:]}


def test_tempo_and_transposition_are_those_that_were_played(session_of):
    folder = session_of(transpose=2, tempo_bpm=90.0)
    report = make_report(folder)
    song = load_song("ode-to-joy").transposed(2).at_tempo(90.0)
    assert [w.pitch for w in report.wanted] == [n.midi for n in song.melody]
    assert report.wanted[4].onset_s == pytest.approx(report.song.start_s + song.seconds(F(4)), abs=1e-3)
    assert report.song.key == song.key


def test_a_practised_passage_is_marked_as_it_was_played(session_of):
    practised = Passage(3, 4, times=2)
    song = passage(load_song("ode-to-joy"), practised)
    report = make_report(session_of(notes=song.melody_at(0.0), passage=practised))
    assert [w.pitch for w in report.wanted] == [n.midi for n in song.melody]
    assert (report.title, report.marks.total, len(report.bars)) == ("Ode to Joy (bars 3–4, 2 times)", 100.0, 4)


def test_a_practised_passage_shows_each_time_and_the_bars_of_the_song(session_of):
    practised = Passage(5, 8, times=3)
    notes = passage(load_song("greensleeves"), practised).melody_at(0.0)
    bar_s = load_song("greensleeves").seconds(F(3))
    second_time = [n for n in notes if 4 * bar_s <= n.onset_s + 1e-6 < 8 * bar_s]
    notes = [replace(n, pitch=n.pitch + 3) if n in second_time[::2] else n for n in notes]
    folder = session_of("greensleeves", notes, passage=practised, language="de")
    report = make_report(folder)
    first, second, third = (each.marks for each in report.repetitions)
    assert first > 90 < third
    assert second < 60
    words = words_of(folder)
    assert "Greensleeves (Takt 5–8, 3-mal)" in words
    assert "Jedes Mal, von 100" in words
    assert f"{first:.0f} · {second:.0f} · {third:.0f}" in words
    assert re.search(r"\b5 6 7 8 5 6 7 8 5 6 7 8\b", words), "over the curve"
    named = [int(n) for sentence in report.advice for n in re.findall(r"Takt (\d+)", sentence)]
    assert named
    assert all(5 <= n <= 8 for n in named), "advice names the song's own bars"


def test_each_time_of_a_practised_passage_is_reported_and_advice_names_the_bars_of_the_song(session_of):
    practised = Passage(5, 10, 2, rise=0.5)
    song = passage(load_song("ode-to-joy"), practised)
    wanted = song.melody_at(0.0)
    wrong_until = song.seconds(song.bar_grid.start_of(3))
    played = [replace(n, pitch=n.pitch + (1 if n.onset_s < wrong_until else 0)) for n in wanted]
    report = make_report(session_of(notes=played, passage=practised, seconds=2.0 + wanted[-1].end_s))
    first, second = report.repetitions
    assert (first.first_bar, first.last_bar, second.first_bar, second.last_bar) == (1, 6, 7, 12)
    assert (first.tempo_bpm, second.tempo_bpm) == (112.0, 168.0)
    assert first.notes == second.notes == len(wanted) // 2
    assert first.right < first.notes
    assert first.marks < 60 < 90 < second.marks
    assert [bar.of_song for bar in report.bars] == [*range(5, 11)] * 2
    named = {int(n) for pair in re.findall(r"bars? (\d+)(?:–(\d+))?", " ".join(report.advice)) for n in pair if n}
    assert named, report.advice
    assert named <= set(range(5, 11))
    figures = dict(figures_of(report))
    assert set(re.findall(r"\d+", figures["Bars to practise"])) <= {str(n) for n in range(5, 11)}
    assert Report.from_json(report.to_json()) == report


def test_what_was_tried_in_the_count_in_is_not_part_of_the_performance(session_of):
    melody = load_song("ode-to-joy").melody_at(0.0)
    report = make_report(session_of(notes=[Note(-1.5, 0.5, 70.0), *melody]))
    assert len(report.notes) == len(melody)


def test_gaps_and_counters_are_carried_over(session_of):
    gap = Gap("sound", 3.0, 3.4, "killed")
    report = make_report(session_of(gaps=(gap,), counters={"xruns": 2}))
    assert (report.gaps, report.counters) == ((gap,), {"xruns": 2})


def test_report_json_reads_back_as_the_report(session_of):
    folder = session_of(notes=a_poor_performance())
    report = make_report(folder)
    content = folder.file(SessionFolder.REPORT).read_bytes()
    assert Report.from_json(content) == report
    assert set(json.loads(content)["notes"][0]) == {
        "onset_s", "duration_s", "pitch", "name", "cents", "loudness", "vibrato_hz", "vibrato_cents",
    }  # fmt: skip


@pytest.mark.parametrize("content", [b"", b"[]", b'{"schema": 9}', b'{"schema": 1}', b"\xff"])
def test_what_is_no_report_is_refused(content):
    with pytest.raises(ReportError):
        Report.from_json(content)


def test_a_folder_that_is_no_session_is_refused(tmp_path):
    with pytest.raises(SessionFolderError, match="session"):
        make_report(SessionFolder(tmp_path))


def test_a_song_that_is_gone_is_named(session_of):
    folder = session_of(song="free", notes=[])
    folder.update(song="no-such-song")
    with pytest.raises(SongError, match="no-such-song"):
        make_report(folder)


def test_a_paper_that_is_not_known_is_refused_and_nothing_is_written(session_of):
    folder = session_of()
    with pytest.raises(ReportError, match="us-letter"):
        make_report(folder, paper="a9")
    assert not any(folder.file(name).exists() for name in DERIVED)


def test_letter_paper_is_letter_paper(session_of):
    folder = session_of()
    make_report(folder, paper="us-letter")
    found = subprocess.run(
        ["pdfinfo", folder.file(SessionFolder.SCORE)], capture_output=True, check=True, text=True
    ).stdout
    assert "612 x 792 pts (letter)" in found


def test_a_short_song_is_one_page_with_a_preview_that_fits_a_letter(session_of):
    folder = session_of(notes=a_poor_performance())
    make_report(folder)
    found = subprocess.run(
        ["pdfinfo", folder.file(SessionFolder.SCORE)], capture_output=True, check=True, text=True
    ).stdout
    assert re.search(r"Pages:\s+1\n", found)
    assert re.search(r"CreationDate:\s+Sat Nov 21", found)
    preview = folder.file(SessionFolder.PREVIEW).read_bytes()
    assert preview.startswith(b"\x89PNG")
    assert int.from_bytes(preview[16:20], "big") == pytest.approx(900, abs=2)
    assert len(preview) < 200_000


@pytest.mark.parametrize("most_bytes", [90_000, 25_000])
def test_a_preview_that_would_be_too_large_takes_fewer_tones_or_pixels(session_of, monkeypatch, most_bytes):
    monkeypatch.setattr(preview, "MOST_BYTES", most_bytes)
    folder = session_of(notes=a_poor_performance())
    make_report(folder)
    assert 1_000 < folder.file(SessionFolder.PREVIEW).stat().st_size < most_bytes


def test_a_long_session_of_free_play_goes_over_several_pages(session_of):
    folder = session_of("free", [Note(n * 0.6, 0.55, 58 + n * 7 % 23) for n in range(500)])
    make_report(folder)
    found = subprocess.run(
        ["pdfinfo", folder.file(SessionFolder.SCORE)], capture_output=True, check=True, text=True
    ).stdout
    assert int(re.search(r"Pages:\s+(\d+)", found)[1]) >= 2
    assert Path(folder.file(SessionFolder.PREVIEW)).stat().st_size < 200_000


def test_a_hand_that_never_stayed_is_not_told_that_nobody_saw_it(session_of):
    seen = make_report(session_of(notes=[Note(2.0, 0.10, 67.0)], seconds=8.0))
    unseen = make_report(session_of(notes=[Note(-1.5, 0.4, 67.0)], seconds=8.0))
    assert seen.notes == unseen.notes == ()
    assert "never stayed" in seen.advice[0]
    assert "did not see a hand" in unseen.advice[0], "before the song one only tries"
