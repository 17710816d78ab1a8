"""Whatever a player or a song is called, a letter has its own headers, its own recipient and its own parts, no others.

A few hundred letters in every test run; ``make fuzz`` writes as many as 100 000 names make, new ones every time.
"""

import email
import email.policy
import json
import os
import random
import re
import unicodedata
from dataclasses import asdict
from email.header import decode_header

import pytest

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.config import LANGUAGES
from firmware_py.post.address import one_line
from firmware_py.post.contact_codes import contact_in
from firmware_py.post.letter import compose
from tests.unit.post.conftest import make_session, queued  # noqa: F401 - the fixture

LONG = bool(os.environ.get("HAND_DANCE_FUZZ_SECONDS"))
LETTERS = 50_000 if LONG else 100  # two names each: a player's and a song's
STRICT = email.policy.SMTP.clone(raise_on_defect=True)
HEADERS = sorted(
    [
        "From",
        "To",
        "Cc",
        "Subject",
        "Content-Language",
        "Date",
        "Message-ID",
        "Auto-Submitted",
        "MIME-Version",
        "Content-Type",
    ]
)
PIECES = (
    *("\r\n", "\n", "\r", "\r\n ", "\n\t", "\0", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\ufeff"),
    *("Bcc: all@example.org", "To: all@example.org", "Content-Type: text/html", "\r\n\r\n<script>alert(1)</script>"),
    *("=?utf-8?q?=0d=0aBcc:_all@example.org?=", "=?utf-8?b?DQo=?=", "=?", "?=", "=\r\n", "=0D=0A", "%0d%0aBcc:"),
    *(
        ";",
        ":",
        ",",
        "<",
        ">",
        "@",
        '"',
        "\\",
        "\\\r\n",
        "(",
        ")",
        "[",
        "]",
        "--=_letter_",
        "--",
        "\r\n.\r\n",
        ".",
        " ",
    ),
    *(
        "\udcff",
        "\ud800",
        "\u202e",
        "\u200d",
        "𝄞",
        "ä",
        "Ana",
        "Ode to Joy",
        "日本",
        "x" * 80,
        "é" * 80,
        "{0}",
        "$body",
    ),
    *("<b>", "&lt;", "]]>", "<!--", "cid:", "javascript:", "%s", "{title}", "\N{COMBINING GRAPHEME JOINER}", "'"),
)


def _name(rng: random.Random) -> str:
    parts = [rng.choice(PIECES) for _ in range(rng.randrange(1, 7))]
    parts += [chr(rng.randrange(rng.choice((0x80, 0x300, 0x3000, 0x110000)))) for _ in range(rng.randrange(4))]
    rng.shuffle(parts)
    return "".join(parts)


@pytest.fixture
def write(make_session, tmp_path):  # noqa: F811
    """Write the letter of a session of these names; the sound and the score are missing, as they cost time."""
    folder = SessionFolder(make_session(seconds=0.01))
    record = asdict(folder.record())
    for name in (SessionFolder.SOUND, SessionFolder.SCORE):
        folder.file(name).unlink()
    entry = queued(folder.path)

    def written(player: str, title: str, song: str, language: str) -> bytes:
        changed = {**record, "player": player, "song": song, "language": language}
        folder.file(SessionFolder.RECORD).write_text(json.dumps(changed))
        report = {"song": {"title": title}, "marks": {"total": 50}, "notes": [{}], "advice": [title, player]}
        folder.file(SessionFolder.REPORT).write_text(json.dumps(report))
        letter = compose(entry, "box@example.org", tmp_path, copy_to="owner@example.org")
        return b"".join(letter.chunks())

    return written


@pytest.mark.timeout(14_400)
def test_no_name_injects_a_header_a_recipient_a_part_or_markup(write):
    rng = random.Random() if LONG else random.Random(1)
    tags = set()
    for number in range(LETTERS):
        player, title, song = _name(rng), _name(rng), _name(rng)
        case = f"{number}: {player!r}, {title!r}, {song!r}"
        whole = write(player, title, song, rng.choice(LANGUAGES))
        assert max(whole) < 128, case
        assert not re.search(rb"\r(?!\n)|(?<!\r)\n|\0", whole), case
        assert max(map(len, whole.split(b"\r\n"))) <= 998, case
        message = email.message_from_bytes(whole, policy=STRICT)
        assert sorted(message.keys()) == HEADERS, case
        assert [a.addr_spec for a in message["To"].addresses] == ["ana@example.org"], case
        assert [a.addr_spec for a in message["Cc"].addresses] == ["owner@example.org"], case
        assert [a.addr_spec for a in message["From"].addresses] == ["box@example.org"], case
        raw = email.message_from_bytes(whole, policy=email.policy.compat32)
        for key in ("Subject", "To"):
            text = "".join(
                part.decode(charset or "ascii") if isinstance(part, bytes) else part
                for part, charset in decode_header(re.sub(r"\r\n(?=[ \t])", "", raw[key]))
            )
            assert one_line(text, 2000).split() == text.split(), case  # nothing decodes to a line end
        kinds = [part.get_content_type() for part in message.walk()]
        assert kinds[-2:] == ["audio/midi", "application/vnd.recordare.musicxml+xml"], case
        assert len(kinds) == 8, case
        for part in message.iter_attachments():
            assert re.fullmatch(r"2026-11-21_[a-z0-9-]{1,60}\.[a-z]+", part["Content-Type"].params["name"]), case
            assert not re.search(r"[\s/\\:\x00-\x1f\x7f\u202a-\u202e]", part.get_filename()), case
        tags |= set(re.findall(r"<\s*/?\s*([^\s>]{1,12})", message.get_body(("html",)).get_content()))
    known = {
        "!DOCTYPE",
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "table",
        "tr",
        "td",
        "h1",
        "p",
        "span",
        "br",
        "ul",
        "li",
        "img",
    }
    assert {tag.strip("/") for tag in tags} <= known


def test_no_code_names_anything_but_one_good_address():
    rng = random.Random() if LONG else random.Random(2)
    kinds = (
        "",
        "mailto:",
        "MATMSG:TO:",
        "MECARD:EMAIL:",
        "BEGIN:VCARD\nEMAIL;",
        "BEGIN:VCARD\nN:",
        "SMTP:",
        "\nEMAIL:",
    )
    found = 0
    for _ in range(LETTERS * 4):
        text = rng.choice(kinds) + rng.choice(("", "a@example.org", _name(rng))) + rng.choice((";;", "\nEND:VCARD", ""))
        text += _name(rng) if rng.random() < 0.5 else ""
        try:
            contact = contact_in(text)
        except ValueError as error:
            raise AssertionError(repr(text)) from error
        except OSError as refused:  # MailRefusedError
            sentence = str(refused)
            assert len(sentence.splitlines()) == 1, repr(text)
            continue
        if contact:
            found += 1
            local, _, domain = contact.address.partition("@")
            assert re.fullmatch(r"[a-z0-9.-]{1,250}", domain), repr(text)
            assert local, repr(text)
            assert not re.search(r'[\s()<>\[\]\\,;:"@\x00-\x1f\x7f]', local), repr(text)
            assert all(c.isascii() or unicodedata.category(c)[0] in "LMN" for c in local), repr(text)
            assert one_line(contact.name, 60) == contact.name
    assert found > LETTERS / 20
