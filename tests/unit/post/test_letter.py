import base64
import email
import email.policy
import json
import re
import tracemalloc
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.errors import MailError, MailRefusedError
from firmware_py.post.address import one_line
from firmware_py.post.letter import Letter, compose, encoded_size
from firmware_py.post.queued_letter import QueuedLetter

STRICT = email.policy.SMTP.clone(raise_on_defect=True)
SENDER = "box@example.org"


@pytest.fixture
def queued(outbox, make_session):
    def make(**changes) -> QueuedLetter:
        return outbox.letter(outbox.queue(make_session(**changes), "ana@example.org"))

    return make


@pytest.fixture
def workspace(tmp_path):
    path = tmp_path / "workspace"
    path.mkdir()
    return path


def parsed(letter: Letter):
    whole = b"".join(letter.chunks())
    assert letter.size == len(whole)
    return email.message_from_bytes(whole, policy=STRICT)


def test_a_letter_has_text_html_with_picture_and_four_files_byte_for_byte(queued, workspace):
    entry = queued()
    message = parsed(compose(entry, SENDER, workspace))
    assert message["Subject"] == "Ode to Joy: 97 of 100"
    assert message["From"] == "Hand Dance <box@example.org>"
    assert message["To"] == "Ana <ana@example.org>"
    assert message["Message-ID"] == entry.message_id
    assert message["Date"] == "Sat, 21 Nov 2026 00:00:00 +0000"
    shape = [part.get_content_type() for part in message.walk()]
    assert shape == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "audio/wav",
        "application/pdf",
        "audio/midi",
        "application/vnd.recordare.musicxml+xml",
    ]
    derived = (SessionFolder.SCORE, SessionFolder.MIDI, SessionFolder.MUSICXML)
    files = [workspace / "mastered.wav", *(entry.session / name for name in derived)]
    for part, path in zip(message.iter_attachments(), files, strict=True):
        content = part.get_content()
        assert (content if isinstance(content, bytes) else content.encode()) == path.read_bytes()
        assert part.get_filename().startswith("2026-11-21_ode-to-joy.")
        assert part.get_content_disposition() == "attachment"


def test_text_and_html_tell_marks_advice_and_what_is_attached(queued, workspace):
    message = parsed(compose(queued(), SENDER, workspace))
    text = message.get_body(("plain",)).get_content()
    page = message.get_body(("html",)).get_content()
    for words in (
        "Hello Ana,",
        "You played Ode to Joy on 21 November 2026",
        "You reached 97 of 100 marks with 62 notes.",
        "Your pitch is steady.",
        "Bar 9 wants a closer look.",
        "2026-11-21_ode-to-joy.musicxml",
    ):
        assert words in text
        assert words in page
    picture = next(part for part in message.walk() if part.get_content_type() == "image/png")
    assert f'src="cid:{picture["Content-ID"].strip("<>")}"' in page
    assert "http" not in page


def test_every_line_is_short_and_every_octet_below_128(queued, workspace):
    whole = b"".join(compose(queued(title="Für Elise – 𝄞", player="Åse"), SENDER, workspace).chunks())
    assert max(whole) < 128
    lines = whole.split(b"\r\n")
    assert all(len(line) <= 998 for line in lines)
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    assert whole.endswith(b"--\r\n")


def test_the_same_session_gives_the_same_bytes_at_every_try(queued, workspace):
    entry = queued()
    first = b"".join(compose(entry, SENDER, workspace).chunks())
    later = b"".join(compose(replace(entry, attempts=9, reason="450 busy"), SENDER, workspace).chunks())
    assert first == later


HOSTILE = st.text(alphabet=st.characters(), max_size=200) | st.sampled_from(
    [
        "x\r\nBcc: all@example.org",
        "x\nContent-Type: text/html\n\n<script>",
        "=?utf-8?q?=0d=0aBcc:?=",
        '"; filename="x',
        "<b>&amp;</b>",
        "\u2028Bcc: a@b.c",
        "a" * 300,
        "ä" * 300,
        "𝄞" * 90,
        "\udcff",
        "--=_letter",
        ".",
        ",;:<>@",
        "$body $title",
        "{0}",
    ]
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(title=HOSTILE, player=HOSTILE, song=HOSTILE, advice=HOSTILE)
def test_no_name_can_inject_a_header_or_markup(queued_once, workspace, title, player, song, advice):
    entry = queued_once
    folder = SessionFolder(entry.session)
    folder.update(player=player, song=song)
    folder.file(SessionFolder.REPORT).write_text(
        json.dumps({"song": {"title": title}, "marks": {"total": 50}, "notes": [{}], "advice": [advice]})
    )
    message = parsed(compose(entry, SENDER, workspace))
    assert sorted(message.keys()) == sorted(
        [
            "From",
            "To",
            "Subject",
            "Content-Language",
            "Date",
            "Message-ID",
            "Auto-Submitted",
            "MIME-Version",
            "Content-Type",
        ]
    )
    assert [a.addr_spec for a in message["To"].addresses] == ["ana@example.org"]
    assert len(list(message.iter_attachments())) == 4
    page = message.get_body(("html",)).get_content()
    tags = set(re.findall(r"</?([a-zA-Z]+1?)", page))
    assert tags <= set(re.findall(r"\w+", "DOCTYPE html head meta title style body table tr td h1 p span br ul li img"))
    for part in message.iter_attachments():
        assert re.fullmatch(r"2026-11-21_[\w\u0300-\U0010ffff-]{1,60}\.(wav|pdf|mid|musicxml)", part.get_filename())
        plain = part["Content-Type"].params["name"]
        assert re.fullmatch(r"2026-11-21_[a-z0-9-]{1,60}\.(wav|pdf|mid|musicxml)", plain)


@pytest.fixture
def queued_once(queued):
    return queued(seconds=0.01)


@pytest.mark.parametrize(
    "title", ["Für Elise", "Ode to Joy, “Freude”", "a" * 200, "日本の歌 " * 8, "=?utf-8?q?x?=", "Comma, semi; <x@y.z>"]
)
def test_a_subject_reads_back_as_it_was_written(queued, workspace, title):
    message = parsed(compose(queued(title=title), SENDER, workspace))
    assert message["Subject"] == one_line(f"{one_line(title, 80)}: 97 of 100").replace("=?", "= ?")


def test_missing_derived_files_are_said_and_break_nothing(queued, workspace):
    entry = queued()
    for name in (SessionFolder.SCORE, SessionFolder.MUSICXML, SessionFolder.PREVIEW, SessionFolder.REPORT):
        (entry.session / name).unlink()
    message = parsed(compose(entry, SENDER, workspace))
    text = message.get_body(("plain",)).get_content()
    assert "Not attached, because it could not be made: the score and the MusicXML file." in text
    assert message["Subject"] == "Ode to joy: your recording"
    assert len(list(message.iter_attachments())) == 2
    assert "image/png" not in [part.get_content_type() for part in message.walk()]


def test_a_session_folder_with_nothing_in_it_still_gives_a_letter(queued, workspace):
    entry = queued()
    for path in entry.session.iterdir():
        path.unlink()
    message = parsed(compose(entry, SENDER, workspace))
    assert "the recording, the score, the MIDI file and the MusicXML file" in message.get_body(("plain",)).get_content()


def test_a_session_that_vanished_needs_a_person(queued, workspace):
    entry = queued()
    entry.session.rename(entry.session.with_name("gone"))
    with pytest.raises(MailRefusedError, match="is gone; put it back"):
        compose(entry, SENDER, workspace)


@pytest.mark.parametrize("change", ["grown", "cut", "gone"])
def test_an_attachment_that_changes_on_the_way_spoils_the_letter_instead_of_the_file(queued, workspace, change):
    entry = queued()
    letter = compose(entry, SENDER, workspace)
    pdf = entry.session / SessionFolder.SCORE
    if change == "grown":
        pdf.write_bytes(pdf.read_bytes() + b"more")
    elif change == "cut":
        pdf.write_bytes(pdf.read_bytes()[:100])
    else:
        pdf.unlink()
    with pytest.raises(MailError, match="sent again later"):
        b"".join(letter.chunks())


def test_a_server_that_takes_little_gets_a_smaller_sound_and_the_letter_says_so(queued, workspace):
    letter = compose(queued(), SENDER, workspace, largest_bytes=1_530_000)
    assert letter.size < 1_530_000
    message = parsed(letter)
    assert "comes as FLAC" in message.get_body(("plain",)).get_content()
    assert "comes as FLAC" in message.get_body(("html",)).get_content()


def test_a_player_without_a_name_and_no_notes_are_told_kindly(queued, workspace):
    entry = queued(player="")
    (entry.session / SessionFolder.REPORT).write_text(
        json.dumps({"song": {"title": "Ode to Joy"}, "marks": {"total": 0}, "notes": []})
    )
    message = parsed(compose(entry, SENDER, workspace))
    text = message.get_body(("plain",)).get_content()
    assert text.startswith("Hello,\r\n")
    assert "No note was heard" in text
    assert message["To"] == "ana@example.org"


@given(st.integers(0, 1_000_000))
def test_the_encoded_size_is_known_before_encoding(size):
    if size < 5000:
        assert encoded_size(size) == len(base64.encodebytes(bytes(size)).replace(b"\n", b"\r\n"))
    assert encoded_size(size) >= size


def test_a_letter_of_fourteen_megabytes_costs_no_memory(queued, workspace):
    letter = compose(queued(seconds=70, channels=2), SENDER, workspace)
    assert letter.size > 18_000_000
    tracemalloc.start()
    for _ in letter.chunks():
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.parametrize(
    ("language", "subject", "words"),
    [
        (
            "es",
            "Ode to Joy: 97 de 100",
            (
                "Hola, Ana:",
                "Tocaste Ode to Joy el 21 de noviembre de 2026",
                "97 de 100 puntos con 62 notas",
                "Adjuntos",
            ),
        ),
        (
            "de",
            "Ode to Joy: 97 von 100",
            ("Hallo Ana,", "du hast am 21. November 2026", "mit 62 Tönen 97 von 100 Punkten", "Im Anhang"),
        ),
        (
            "fr",
            "Ode to Joy\N{NO-BREAK SPACE}: 97 sur 100",
            ("Bonjour Ana,", "Vous avez joué Ode to Joy le 21 novembre 2026", "97 points sur 100", "Pièces jointes"),
        ),
    ],
)
def test_a_letter_speaks_its_players_language(queued, workspace, language, subject, words):
    entry = queued()
    SessionFolder(entry.session).update(language=language)
    message = parsed(compose(entry, SENDER, workspace))
    text = message.get_body(("plain",)).get_content()
    page = message.get_body(("html",)).get_content()
    assert one_line(message["Subject"]) == one_line(subject)
    assert message["Content-Language"] == language
    assert f'<html lang="{language}">' in page
    for said in words:
        assert said in text
        assert said in page
    english = ("Hello", "You ", "played", "Attached", "recording", "score", "marks", "instrument that")
    advice = json.loads((entry.session / SessionFolder.REPORT).read_text())["advice"]
    for sentence in advice:
        text = text.replace(sentence, "")
    assert not [word for word in english if word in text]


def test_a_copy_is_in_the_header_and_said_to_the_player(queued, workspace):
    letter = compose(queued(), SENDER, workspace, copy_to="owner@example.org")
    message = parsed(letter)
    assert message["Cc"] == "owner@example.org"
    assert letter.copy_to == "owner@example.org"
    said = "A copy of this letter goes to owner@example.org."
    assert said in message.get_body(("plain",)).get_content()
    assert said in message.get_body(("html",)).get_content()


def test_a_title_in_other_letters_names_its_files_in_both_ways(queued, workspace):
    message = parsed(compose(queued(title="Für Elise", song="fur-elise"), SENDER, workspace))
    part = next(message.iter_attachments())
    assert part.get_filename() == "2026-11-21_für-elise.wav"
    assert part["Content-Type"].params["name"] == "2026-11-21_fur-elise.wav"


def test_what_does_not_fit_is_said_with_its_sizes(queued, workspace):
    message = parsed(compose(queued(seconds=3, noise=True), SENDER, workspace, 1_900_000))
    text = message.get_body(("plain",)).get_content()
    assert "The recording has 576 kB as WAV, and a letter takes" in text
    assert "So it comes as mono with 16 bits; the whole WAV stays on the box." in text
