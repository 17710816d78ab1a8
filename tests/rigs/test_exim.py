"""The mailer against a real exim4 with STARTTLS and AUTH that delivers into a maildir of its own."""

import email
import email.policy
import getpass
import json
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import trustme

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.bench.finished_session import finished_record
from firmware_py.config import Config, MailSettings, PathSettings
from firmware_py.post.mailer import open_outbox, queue_session, send_due
from firmware_py.post.mastering import master
from firmware_py.post.queued_letter import LetterState

EXIM = shutil.which("exim4", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
WORD = "right horse ü"
LIMIT_S = 30.0

CONFIGURATION = r"""
primary_hostname = localhost
exim_user = {user}
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
spool_directory = {folder}/spool
log_file_path = {folder}/log/%slog
pid_file_path = {folder}/exim.pid
tls_advertise_hosts = *
tls_certificate = {folder}/certificate.pem
tls_privatekey = {folder}/key.pem
auth_advertise_hosts = ${{if eq{{$tls_in_cipher}}{{}}{{}}{{*}}}}
message_size_limit = 30M
smtp_accept_queue_per_connection = 0
acl_smtp_rcpt = recipients
never_users =
keep_environment =
host_lookup =
rfc1413_hosts =
message_body_visible = 0

begin acl
recipients:
  deny    !authenticated = *
          message = log in first
  deny    local_parts = nobody
          message = no such user here
  accept

begin routers
everybody:
  driver = accept
  transport = maildir

begin transports
maildir:
  driver = appendfile
  directory = {folder}/mail
  maildir_format
  create_directory
  user = {user}
  message_prefix =
  message_suffix =

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{box}}}}{{eq{{$auth3}}{{{word}}}}}}}}}
  server_set_id = $auth2
"""


class Exim:
    """One exim daemon in a folder of its own."""

    def __init__(self, folder: Path, authority: trustme.CA) -> None:
        self.folder = folder
        self.mail = folder / "mail"
        # exim gives up root by itself, and cannot be told to keep it.
        root = os.geteuid() == 0
        self.user = "Debian-exim" if root else getpass.getuser()
        folder.chmod(0o755)
        certificate = authority.issue_cert("localhost")
        certificate.private_key_pem.write_to_path(folder / "key.pem")
        for pem in certificate.cert_chain_pems:
            pem.write_to_path(folder / "certificate.pem", append=True)
        for name in ("spool", "log", "mail"):
            (folder / name).mkdir()
        if root:
            owner = pwd.getpwnam(self.user)
            for path in (*folder.iterdir(),):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self._file = folder / "exim.conf"
        self._file.write_text(CONFIGURATION.format(user=self.user, port=self.port, folder=folder, word=WORD))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assert EXIM is not None
        self._process = subprocess.Popen([EXIM, "-C", str(self._file), "-bdf"], start_new_session=True)

        def answers() -> bool:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as line:
                    return line.recv(3) == b"220"
            except OSError:
                return False

        wait_for(answers, lambda: f"exim did not answer: {self.log()}")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            self._process = None

    def log(self) -> str:
        return "".join(path.read_text(errors="replace") for path in (self.folder / "log").glob("*log"))

    def letters(self) -> list[Path]:
        return sorted((self.mail / "new").glob("*"))

    def message_ids(self) -> Counter[str]:
        ids: Counter[str] = Counter()
        for path in self.letters():
            with path.open("rb") as file:
                ids[str(email.message_from_binary_file(file, policy=email.policy.SMTP)["Message-ID"])] += 1
        return ids

    def settled(self, count: int) -> None:
        """Wait until so many different letters lie in the maildir and none is left in the spool."""

        def all_there() -> bool:
            return len(self.letters()) >= count and not list((self.folder / "spool" / "input").rglob("*-D"))

        wait_for(all_there, lambda: f"{len(self.letters())} of {count} letters; {self.log()}")


def wait_for(done, why) -> None:
    pause, end = threading.Event(), time.monotonic() + LIMIT_S
    while not done():
        assert time.monotonic() < end, why()
        pause.wait(0.02)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def exim(authority: trustme.CA) -> Iterator[Exim]:
    if EXIM is None:
        pytest.fail("exim4 is not installed; 'apt-get install exim4-daemon-light' brings it")
    folder = Path(tempfile.mkdtemp(prefix="hand-dance-exim-"))
    running = Exim(folder, authority)
    running.start()
    yield running
    running.stop()
    shutil.rmtree(folder)


@pytest.fixture
def config(exim: Exim, authority: trustme.CA, tmp_path: Path) -> Config:
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    (tmp_path / "password").write_text(WORD + "\n")
    (tmp_path / "password").chmod(0o600)
    return Config(
        paths=PathSettings(state=str(tmp_path / "state")),
        mail=MailSettings(
            transport="smtp",
            host="localhost",
            port=exim.port,
            user="box",
            password_file=str(tmp_path / "password"),
            ca_file=str(tmp_path / "authority.pem"),
            sender="box@example.org",
            recipient="ana@example.org",
        ),
    )


def with_mail(config: Config, **changes: object) -> Config:
    return replace(config, mail=replace(config.mail, **changes))


def a_session(config: Config, number: int = 1, seconds: float = 1.0) -> SessionFolder:
    record = finished_record(number, player="Åse", seconds=seconds)
    folder = SessionFolder.create(config.state / "sessions", record)
    rng = np.random.default_rng(number)
    soundfile.write(folder.file(SessionFolder.SOUND), rng.uniform(-0.5, 0.5, (round(seconds * 48_000), 2)), 48_000)
    folder.write_whole(SessionFolder.SCORE, b"%PDF-1.7\n\r\n.\r\n" + rng.bytes(40_000))
    folder.write_whole(SessionFolder.MIDI, b"MThd" + rng.bytes(300))
    folder.write_whole(SessionFolder.MUSICXML, b"<score-partwise/>\n.\n..\n")
    report = {
        "song": {"title": "Ode to Joy"},
        "marks": {"total": 88.0},
        "notes": [{}] * 62,
        "advice": [".Begins with a dot.", "Für später."],
    }
    folder.write_whole(SessionFolder.REPORT, json.dumps(report).encode())
    return folder


def test_a_letter_arrives_once_with_every_attachment_byte_for_byte(exim, config):
    folder = a_session(config)
    queue_session(config, folder.path)
    (after,) = send_due(config)
    assert after.delivered, after.reason
    assert after.where.startswith("250 OK id=")
    exim.settled(1)
    (path,) = exim.letters()
    with path.open("rb") as file:
        message = email.message_from_binary_file(file, policy=email.policy.default.clone(raise_on_defect=True))
    assert message["Message-ID"] == after.message_id
    assert message["Subject"] == "Ode to Joy: 88 of 100"
    assert [a.display_name for a in message["To"].addresses] == ["Åse"]
    assert ".Begins with a dot." in message.get_body(("plain",)).get_content()
    mastered = master(folder.file(SessionFolder.SOUND), folder.path.parent / "mastered.wav")
    derived = (SessionFolder.SCORE, SessionFolder.MIDI, SessionFolder.MUSICXML)
    for part, path in zip(message.iter_attachments(), (mastered, *map(folder.file, derived)), strict=True):
        assert part.get_payload(decode=True) == path.read_bytes()
    assert send_due(config) == []
    assert exim.message_ids() == {after.message_id: 1}
    assert "A=plain:box" in exim.log()
    assert "X=TLS1." in exim.log()


def test_a_program_without_rights_of_its_own_hands_letters_on(exim, config, tmp_path):
    """As in the mail service: nothing that is started can gain rights, and msmtp needs none."""
    settings = tmp_path / "msmtprc"
    settings.write_text(
        f"account default\nhost localhost\nport {exim.port}\ntls on\ntls_trust_file {config.mail.ca_file}\n"
        f'auth plain\nuser box\npasswordeval "cat {config.mail.password_file}"\n'
    )
    settings.chmod(0o600)
    command = f"setpriv --no-new-privs msmtp --file={settings}"
    by_program = with_mail(config, transport="sendmail", command=command)
    queue_session(config, a_session(config, 1).path)
    queue_session(config, a_session(config, 2).path, "nobody@example.org")
    delivered, refused = send_due(by_program)
    assert delivered.delivered, delivered.reason
    assert not refused.delivered
    assert "no such user here" in refused.reason
    exim.settled(1)
    assert exim.message_ids() == {delivered.message_id: 1}


def test_a_letter_as_large_as_letters_may_be_arrives(exim, config):
    folder = a_session(config, seconds=72.0)
    queue_session(config, folder.path)
    (after,) = send_due(config)
    assert after.delivered, after.reason
    exim.settled(1)
    assert exim.letters()[0].stat().st_size > 18_000_000


def test_a_wrong_password_needs_a_person_and_the_right_one_brings_the_letter(exim, config, tmp_path):
    (tmp_path / "password").write_text("wrong")
    number = queue_session(config, a_session(config).path)
    (after,) = send_due(config)
    assert after.state is LetterState.NEEDS_A_PERSON
    assert "535" in after.reason
    assert send_due(config) == []
    (tmp_path / "password").write_text(WORD)
    with open_outbox(config) as outbox:
        outbox.retry(number)
    (after,) = send_due(config)
    assert after.delivered, after.reason
    exim.settled(1)


def test_an_unknown_authority_gets_neither_letter_nor_password(exim, config, tmp_path):
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    queue_session(config, a_session(config).path)
    (after,) = send_due(with_mail(config, ca_file=str(tmp_path / "other.pem")))
    assert after.state is LetterState.WAITING
    assert "certificate" in after.reason
    assert "ca_file" in after.reason
    assert "A=plain" not in exim.log()
    assert exim.letters() == []


def test_a_refused_recipient_needs_a_person_and_the_next_letter_goes(exim, config):
    queue_session(config, a_session(config, 1).path, "nobody@example.org")
    queue_session(config, a_session(config, 2).path)
    refused, delivered = send_due(config)
    assert refused.state is LetterState.NEEDS_A_PERSON
    assert "no such user here" in refused.reason
    assert delivered.delivered
    exim.settled(1)


def test_a_server_that_is_down_gets_the_letters_when_it_is_back(exim, config):
    exim.stop()
    for number in (1, 2):
        queue_session(config, a_session(config, number).path)
    after = send_due(config)
    assert [d.state for d in after] == [LetterState.WAITING] * 2
    assert "refused" in after[0].reason
    exim.start()
    later = max(d.next_try for d in after) + 1
    assert all(d.delivered for d in send_due(config, lambda: later))
    exim.settled(2)
    assert set(exim.message_ids().values()) == {1}


MAILER = """
import sys
from firmware_py.config import Config, MailSettings, PathSettings
from firmware_py.post.mastering import master
from firmware_py.post.mailer import send_due
state, port, password, authority = sys.argv[1:]
mail = MailSettings(transport="smtp", host="localhost", port=int(port), user="box", password_file=password,
                    ca_file=authority, sender="box@example.org")
print("go", flush=True)
send_due(Config(paths=PathSettings(state=state), mail=mail))
"""


def test_a_mailer_killed_at_random_instants_loses_no_letter_and_changes_no_message_id(exim, config, capsys):
    rng = random.Random(20261121)
    wanted = {}
    for number in range(1, 13):
        folder = a_session(config, number, seconds=2.0)
        queue_session(config, folder.path)
        wanted[folder.path] = folder
    with open_outbox(config) as outbox:
        ids = {letter.message_id for letter in outbox.letters()}
    mail = config.mail
    command = [sys.executable, "-c", MAILER, str(config.state), str(mail.port), mail.password_file, mail.ca_file]
    kills = 0
    for _ in range(10):
        with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == b"go\n"
            try:
                child.wait(rng.uniform(0.0, 0.08))  # so short that a fast machine does not finish all in one life
            except subprocess.TimeoutExpired:
                child.send_signal(signal.SIGKILL)
                kills += 1
    subprocess.run(command, check=True, timeout=LIMIT_S, stdout=subprocess.DEVNULL)
    with open_outbox(config) as outbox:
        assert {letter.state for letter in outbox.letters()} == {LetterState.DELIVERED}
    exim.settled(len(ids))
    arrived = exim.message_ids()
    assert set(arrived) == ids
    assert kills >= 3
    with capsys.disabled():
        print(
            f"\n  {kills} kills, {len(ids)} letters, {arrived.total() - len(ids)} arrived twice under their Message-ID"
        )
