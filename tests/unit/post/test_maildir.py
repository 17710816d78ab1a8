import mailbox
from pathlib import Path

import pytest

from firmware_py.errors import MailError
from firmware_py.post.letter import compose
from firmware_py.post.maildir import MaildirTransport
from firmware_py.post.transports import ServerDownError


@pytest.fixture
def entry(outbox, make_session):
    return outbox.letter(outbox.queue(make_session(), "ana@example.org"))


@pytest.fixture
def letter(entry, tmp_path):
    (tmp_path / "workspace").mkdir()
    return compose(entry, "box@example.org", tmp_path / "workspace")


def test_a_letter_lies_in_new_as_a_file_that_a_person_can_open(letter, tmp_path):
    where = MaildirTransport(tmp_path / "mail").connect().send(letter)
    assert where.startswith(f"{tmp_path}/mail/new/2026-11-21_ode-to-joy.")
    assert where.endswith(".eml")
    assert Path(where).read_bytes() == b"".join(letter.chunks())
    assert list((tmp_path / "mail" / "tmp").iterdir()) == []


def test_the_standard_library_reads_the_maildir(letter, tmp_path):
    MaildirTransport(tmp_path / "mail").connect().send(letter)
    (found,) = mailbox.Maildir(tmp_path / "mail", create=False)
    assert found["Message-ID"] == letter.message_id


def test_the_same_letter_again_lies_there_once_read_or_not(letter, tmp_path):
    line = MaildirTransport(tmp_path / "mail").connect()
    first = line.send(letter)
    assert line.send(letter) == first
    name = Path(first).name
    read = tmp_path / "mail" / "cur" / f"{name}:2,S"
    Path(first).rename(read)
    assert line.send(letter) == str(read)
    assert len(list((tmp_path / "mail").rglob("*.eml*"))) == 1


def test_half_a_letter_left_by_a_power_cut_is_written_anew(letter, tmp_path):
    line = MaildirTransport(tmp_path / "mail").connect()
    name = Path(line.send(letter)).name
    (tmp_path / "mail" / "new" / name).unlink()
    (tmp_path / "mail" / "tmp" / name).write_bytes(b"half a let")
    where = line.send(letter)
    assert Path(where).stat().st_size == letter.size
    assert list((tmp_path / "mail" / "tmp").iterdir()) == []


def test_an_attachment_that_vanished_leaves_nothing_behind(letter, entry, tmp_path):
    (entry.session / "score.pdf").unlink()
    with pytest.raises(MailError):
        MaildirTransport(tmp_path / "mail").connect().send(letter)
    assert list((tmp_path / "mail").rglob("*.eml*")) == []


def test_a_maildir_that_cannot_be_made_holds_all_letters_back(tmp_path):
    (tmp_path / "mail").write_text("a file")
    with pytest.raises(ServerDownError, match="cannot be written"):
        MaildirTransport(tmp_path / "mail").connect()
