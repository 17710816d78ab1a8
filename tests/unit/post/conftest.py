"""What the tests of post share: sessions on disk, an outbox with a clock of its own, and a mail server with faults."""

import base64
import json
import random
import socket
import ssl
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import soundfile
import trustme

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.bench.finished_session import finished_record
from firmware_py.config import MailSettings
from firmware_py.post.letter import Letter, compose
from firmware_py.post.outbox import Outbox
from firmware_py.post.queued_letter import LetterId, LetterState, QueuedLetter

NOW = 1_795_219_200.0  # 2026-11-21 00:00 UTC


class Clock:
    """A clock that stands still until it is told the time."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def outbox(tmp_path: Path, clock: Clock) -> Iterator[Outbox]:
    with Outbox(tmp_path / "state", clock=clock, rng=random.Random(1)) as opened:
        yield opened


def png(width: int = 8, height: int = 4) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = b"".join(b"\0" + bytes(width * 3) for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


MakeSession = Callable[..., Path]


@pytest.fixture
def make_session(tmp_path: Path) -> MakeSession:
    """Make a finished session with every derived file; keyword arguments change it."""

    def make(
        name: str = "20261121T101500Z_ode-to-joy",
        *,
        song: str = "ode-to-joy",
        title: str = "Ode to Joy",
        player: str = "Ana",
        marks: float = 97.4,
        started: str = "2026-11-21T10:15:00Z",
        seconds: float = 1.0,
        noise: bool = False,
        channels: int = 2,
    ) -> Path:
        path = tmp_path / "state" / "sessions" / name
        path.mkdir(parents=True)
        folder = SessionFolder(path)
        folder.write_record(
            finished_record(
                started_utc=started,
                song=song,
                player=player,
                t0_ns=len(name) * 1000 + zlib.crc32(name.encode()),
                seconds=seconds,
            )
        )
        rng = np.random.default_rng(7)
        frames = round(seconds * 48_000)
        sound = rng.uniform(-0.5, 0.5, (frames, channels)) if noise else np.zeros((frames, channels))
        if not noise:
            sound[:] = 0.3 * np.sin(np.arange(frames)[:, None] * 0.0576)
        soundfile.write(folder.file(SessionFolder.SOUND), sound, 48_000, subtype="PCM_16")
        folder.write_whole(SessionFolder.SCORE, b"%PDF-1.7\n" + rng.bytes(5000))
        folder.write_whole(SessionFolder.MIDI, b"MThd" + rng.bytes(300))
        folder.write_whole(SessionFolder.MUSICXML, "<score-partwise>é</score-partwise>\n".encode())
        folder.write_whole(SessionFolder.PREVIEW, png())
        report = {
            "song": {"name": song, "title": title},
            "marks": {"total": marks},
            "notes": [{"onset_s": 0.5 * n} for n in range(62)],
            "advice": ["Your pitch is steady.", "Leave the long notes a little later.", "Bar 9 wants a closer look."],
        }
        folder.write_whole(SessionFolder.REPORT, json.dumps(report).encode())
        return path

    return make


@dataclass
class Faults:
    """What a server does wrong: step → action.

    Steps: connect, EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, body, taken. An action is an answer such as
    ``"450 later"``, ``"hang up"``, ``"silence"``, ``"drip"`` (a byte of an answer now and then, without end), or for
    body ``"hang up after N"`` and ``"silence after N"`` bytes.
    """

    at: dict[str, str] = field(default_factory=dict)
    once: bool = False


class FaultyServer:
    """A mail server in a thread: STARTTLS, AUTH PLAIN, SIZE; it keeps what it took and fails where it is told to."""

    def __init__(self, authority: trustme.CA, host: str = "localhost") -> None:
        self.taken: list[bytes] = []
        self.logins: list[str] = []
        self.lines: list[str] = []
        self.connections = 0
        self.faults = Faults()
        self.login = ("box", "geheim-ü")
        self.bearer = ""
        self.extensions = ["SIZE 30000000", "8BITMIME", "AUTH PLAIN LOGIN"]
        self.offer_starttls = True
        self.letters_per_connection = 1000
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(host).configure_cert(self.context)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.released = threading.Event()
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        if not self._thread.is_alive():
            return
        self.released.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            connection.close()
        self._thread.join(10)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            conversation = Conversation(self, connection)
            try:
                conversation.run()
            except (OSError, _HungUp):
                pass
            finally:
                conversation.file.close()  # a socket is open for as long as a file of it is
                for each in self._open:
                    each.close()
                self._open.clear()


class _HungUp(Exception):  # noqa: N818 - not an error of the server
    pass


class Conversation:
    def __init__(self, server: FaultyServer, connection: socket.socket) -> None:
        self.server = server
        self.socket = connection
        self.file = connection.makefile("rb")
        self.encrypted = False
        self.letters = 0

    def run(self) -> None:
        self.answer("connect", "220 faulty")
        while line := self.file.readline():
            text = line.decode().rstrip("\r\n")
            self.server.lines.append(text)
            getattr(self, f"on_{text.split(' ')[0].lower()}", self.on_other)(text)

    def fault(self, step: str) -> str:
        action = self.server.faults.at.get(step, "")
        if action and self.server.faults.once:
            del self.server.faults.at[step]
        return action

    def answer(self, step: str, good: str) -> bool:
        action = self.fault(step)
        if action == "hang up":
            raise _HungUp
        if action == "silence":
            self.server.released.wait(30)
            raise _HungUp
        if action == "drip":
            while not self.server.released.wait(0.05):
                self.socket.sendall(b"2")
            raise _HungUp
        self.say(action or good)
        if action.startswith("421"):
            raise _HungUp
        return not action

    def say(self, line: str) -> None:
        self.socket.sendall(line.encode() + b"\r\n")

    def on_ehlo(self, _: str) -> None:
        offered = [] if self.encrypted or not self.server.offer_starttls else ["STARTTLS"]
        words = ["faulty", *self.server.extensions, *offered]
        if "EHLO" in self.server.faults.at:
            self.answer("EHLO", "")
            return
        for word in words[:-1]:
            self.say(f"250-{word}")
        self.say(f"250 {words[-1]}")

    def on_starttls(self, _: str) -> None:
        if self.answer("STARTTLS", "220 go"):
            self.file.close()
            self.socket = self.server.context.wrap_socket(self.socket, server_side=True)
            self.server._open.append(self.socket)
            self.file = self.socket.makefile("rb")
            self.encrypted = True

    def on_auth(self, text: str) -> None:
        self.server.logins.append(text)
        if "AUTH" in self.server.faults.at:
            self.answer("AUTH", "")
            return
        if " PLAIN " not in text:
            self.other_auth(text)
            return
        words = base64.b64decode(text.split(" ")[2]).decode().split("\0")
        if tuple(words[1:]) == self.server.login:
            self.say("235 welcome")
        else:
            self.say(f"535 5.7.8 no such login: {text} ({words[2]})")

    def other_auth(self, text: str) -> None:
        """LOGIN asks for two words; XOAUTH2 tells a refusal after one empty line."""
        if text == "AUTH LOGIN":
            said = []
            for prompt in ("VXNlcm5hbWU6", "UGFzc3dvcmQ6"):
                self.say(f"334 {prompt}")
                said.append(base64.b64decode(self.file.readline()).decode())
            self.say("235 welcome" if tuple(said) == self.server.login else "535 no such login")
            return
        token = base64.b64decode(text.split(" ")[2]).decode().split("\x01")[1].removeprefix("auth=Bearer ")
        if token == self.server.bearer:
            self.say("235 welcome")
            return
        self.say("334 eyJzdGF0dXMiOiI0MDEifQ==")
        self.server.lines.append(self.file.readline().decode().rstrip("\r\n"))
        self.say(f"535 5.7.8 not accepted: {text} {token}")

    def on_mail(self, _: str) -> None:
        if self.letters >= self.server.letters_per_connection:
            self.say("421 enough for one call")
            raise _HungUp
        self.answer("MAIL", "250 ok")

    def on_rcpt(self, _: str) -> None:
        self.answer("RCPT", "250 ok")

    def on_data(self, _: str) -> None:
        if not self.answer("DATA", "354 go"):
            return
        action = self.fault("body")
        stop_after = int(action.split()[-1]) if action else None
        body: list[bytes] = []
        seen = 0
        while (line := self.file.readline()) != b".\r\n":
            if not line:
                raise _HungUp
            seen += len(line)
            if stop_after is not None and seen >= stop_after:
                if action.startswith("silence"):
                    self.server.released.wait(30)
                    raise _HungUp
                if action.startswith("say"):
                    self.say(action.removeprefix("say ").rsplit(" ", 1)[0])
                raise _HungUp
            body.append(line[1:] if line.startswith(b".") else line)
        if "taken, unsaid" in self.server.faults.at:
            self.fault("taken, unsaid")
            self.server.taken.append(b"".join(body))
            raise _HungUp
        if self.answer("taken", "250 taken as 1abc"):
            self.server.taken.append(b"".join(body))
            self.letters += 1

    def on_rset(self, _: str) -> None:
        self.say("250 ok")

    def on_quit(self, _: str) -> None:
        self.say("221 bye")
        raise _HungUp

    def on_other(self, text: str) -> None:
        self.say(f"500 what is {text[:20]}?")


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def authority_file(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(path)
    return path


@pytest.fixture
def server(authority: trustme.CA) -> Iterator[FaultyServer]:
    running = FaultyServer(authority)
    yield running
    running.stop()


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text("geheim-ü\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def mail(server: FaultyServer, authority_file: Path, password_file: Path) -> MailSettings:
    """The settings of a box that sends by that server, encrypted and with its login."""
    return MailSettings(
        transport="smtp",
        host="localhost",
        port=server.port,
        user="box",
        password_file=str(password_file),
        ca_file=str(authority_file),
        sender="box@example.org",
    )


@pytest.fixture
def letter(outbox: Outbox, make_session: MakeSession, tmp_path: Path) -> Letter:
    """One letter, composed and ready to be handed over."""
    (tmp_path / "workspace").mkdir()
    entry = outbox.letter(outbox.queue(make_session(), "ana@example.org"))
    return compose(entry, "box@example.org", tmp_path / "workspace")


def queued(session: Path) -> QueuedLetter:
    """Return a session's letter as an outbox would know it, without one."""
    return QueuedLetter(
        id=LetterId(1),
        session=session,
        recipient="ana@example.org",
        message_id="<a1@hand-dance.local>",
        queued=1.8e9,
        state=LetterState.DUE,
        reason="",
        next_try=0,
        attempts=1,
        server_wide=False,
        where="",
    )
