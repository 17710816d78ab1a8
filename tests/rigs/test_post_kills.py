"""The mailer killed at random instants while the server lives: no letter is lost, and what the outbox says is true.

Ten kills here; HAND_DANCE_POST_KILLS=200 (``make post-kill-test``) for the real thing.
"""

import email
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.bench.finished_session import finished_record
from firmware_py.config import Config, MailSettings, PathSettings
from firmware_py.post.mailer import open_outbox, queue_session, send_due
from firmware_py.post.queued_letter import LetterState
from tests.unit.post.conftest import FaultyServer

KILLS = int(os.environ.get("HAND_DANCE_POST_KILLS", "10"))
LETTER_BYTES = 150_000

# Imports once, then forks a mailer for every life, so that 200 of them take no longer than they have to.
LIVES = """
import os, signal, sys
from firmware_py.config import Config, MailSettings, PathSettings
from firmware_py.post.mailer import send_due
state, port, password, authority = sys.argv[1:]
mail = MailSettings(transport="smtp", host="localhost", port=int(port), user="box", password_file=password,
                    ca_file=authority, sender="box@example.org", recipients_per_hour=10_000)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        send_due(Config(paths=PathSettings(state=state), mail=mail))
        os._exit(0)
    over = signal.sigtimedwait({signal.SIGCHLD}, float(line))
    if over is None:
        os.kill(pid, signal.SIGKILL)
        signal.sigwait({signal.SIGCHLD})
    os.waitpid(pid, 0)
    print("killed" if over is None else "ended", flush=True)
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FaultyServer]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    running = FaultyServer(authority)
    yield running
    running.stop()


@pytest.fixture
def config(tmp_path: Path, server: FaultyServer) -> Config:
    (tmp_path / "password").write_text(server.login[1])
    (tmp_path / "password").chmod(0o600)
    mail = MailSettings(
        transport="smtp",
        host="localhost",
        port=server.port,
        user="box",
        password_file=str(tmp_path / "password"),
        ca_file=str(tmp_path / "authority.pem"),
        sender="box@example.org",
    )
    return Config(paths=PathSettings(state=str(tmp_path / "state")), mail=mail)


def queue(config: Config, number: int) -> None:
    folder = SessionFolder.create(config.state / "sessions", finished_record(number))
    folder.write_whole(SessionFolder.SCORE, b"%PDF-1.7\n" + number.to_bytes(4) * (LETTER_BYTES // 4))
    queue_session(config, folder.path, "ana@example.org")


def has_now(server: FaultyServer) -> Counter[str]:
    heads = (each[:4000].partition(b"\r\n\r\n")[0] for each in list(server.taken))
    return Counter(str(email.message_from_bytes(head)["Message-ID"]) for head in heads)


@pytest.mark.timeout(900)
def test_a_mailer_killed_at_any_instant_loses_no_letter_and_never_says_what_is_not_true(
    config: Config, server: FaultyServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = random.Random(20261121)
    mail = config.mail
    command = [sys.executable, "-c", LIVES, str(config.state), str(mail.port), mail.password_file, mail.ca_file]
    queued = kills = lives = 0
    span_s = 0.3
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as mailers:
        assert mailers.stdin is not None
        assert mailers.stdout is not None
        while kills < KILLS:
            with open_outbox(config) as outbox:
                left = sum(letter.state is not LetterState.DELIVERED for letter in outbox.letters())
            for _ in range(left, 3):
                queued += 1
                queue(config, queued)
            print(rng.uniform(0.0, span_s), file=mailers.stdin, flush=True)
            killed = mailers.stdout.readline() == "killed\n"
            # So long that a kill may come at every step, so short that most lives end by one.
            span_s *= 1.05 if killed else 0.7
            kills, lives = kills + killed, lives + 1
            assert lives < 5 * KILLS + 20
            with open_outbox(config) as outbox:
                said = {letter.message_id for letter in outbox.letters() if letter.state is LetterState.DELIVERED}
            assert said <= set(has_now(server)), "a letter is said to be delivered that the server never took"
        mailers.stdin.close()
    send_due(config)
    with open_outbox(config) as outbox:
        letters = outbox.letters()
        assert {letter.state for letter in letters} == {LetterState.DELIVERED}
        assert not [path for path in outbox.path.iterdir() if path.is_dir()], "made files were left lying about"
    arrived = has_now(server)
    assert set(arrived) == {letter.message_id for letter in letters}
    assert max(arrived.values()) <= 1 + kills
    twice = arrived.total() - len(letters)
    assert len(set(server.taken)) == len(letters), "a letter that was sent again was not the same bytes"
    with capsys.disabled():
        print(f"\n  {kills} kills in {lives} lives, {len(letters)} letters: none lost, {twice} arrived twice")
