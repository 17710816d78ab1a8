"""``hand-dance bench post``: many letters through the whole mailer, beside Python's bare smtplib with the same bytes.

CPU per letter counts as a ratio; memory must not grow with the number of letters. The server is a process of its own
that takes everything and keeps nothing; letters hold a score of the size asked for and no sound, whose preparing is
no matter of the post.
"""

import json
import os
import resource
import smtplib
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Final

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.bench.finished_session import finished_record
from firmware_py.config import Config, MailSettings, PathSettings
from firmware_py.errors import BenchError
from firmware_py.post.mailer import open_outbox, send_due
from firmware_py.post.queued_letter import LetterState

MEGABYTES: Final = 5.0
MOST_MEMORY_MB: Final = 80.0
_SENDER: Final = "box@example.org"
_RECIPIENT: Final = "ana@example.org"


@dataclass(frozen=True)
class Cost:
    """Of one process: CPU and time a letter, largest resident memory, and that before the first letter."""

    cpu_ms: float
    wall_ms: float
    peak_mb: float
    began_mb: float


@dataclass(frozen=True)
class PostFigures:
    """What the benchmark found; ``as_json`` is what the command prints."""

    letters: int
    letter_mb: float
    mailer: Cost
    mailer_with_a_tenth: Cost
    smtplib: Cost
    cpu_ratio: float  # mailer / smtplib, a letter
    grown_mb: float  # peak with all letters, over that with a tenth of them
    most_mb: float = MOST_MEMORY_MB

    def as_json(self) -> dict[str, Any]:
        """Plain data for ``json.dumps``, figures to one digit behind the point."""
        return {
            name: {key: round(one, 1) for key, one in value.items()} if isinstance(value, dict) else round(value, 2)
            for name, value in asdict(self).items()
        }


def measure(letters: int, megabytes: float = MEGABYTES) -> PostFigures:
    """Send so many letters of so many megabytes, as encoded, by the mailer and by smtplib.

    Raises
    ------
    BenchError
        A letter did not arrive, or a process failed.
    """
    few = max(letters // 10, 1)
    with tempfile.TemporaryDirectory(prefix="hand-dance-bench-") as place, _sink() as port:
        score = Path(place) / "score.pdf"
        score.write_bytes(b"%PDF-1.7\n" + os.urandom(round(megabytes * 1e6 * 57 / 78) - 9))
        costs: list[Cost] = []
        for count in (few, letters):
            state = Path(place) / str(len(costs))
            _queue(state, score, count)
            costs.append(_run("mailer", count, port, state))
            with open_outbox(_config(state, port)) as outbox:
                if any(letter.state is not LetterState.DELIVERED for letter in outbox.letters()):
                    raise BenchError("a letter did not get through; run hand-dance bench post again and see its log")
        bare = _run("bare", letters, port, score)
    return PostFigures(
        letters=letters,
        letter_mb=megabytes,
        mailer=costs[1],
        mailer_with_a_tenth=costs[0],
        smtplib=bare,
        cpu_ratio=costs[1].cpu_ms / bare.cpu_ms,
        grown_mb=costs[1].peak_mb - costs[0].peak_mb,
    )


def child(how: str, count: str, port: str, place: str) -> None:
    """Send everything in this process and print what it cost; the words are those of its command line."""
    letters = int(count)
    began_mb, cpu, wall = _peak_mb(), time.process_time(), time.perf_counter()
    if how == "mailer":
        send_due(_config(Path(place), int(port)))
    else:
        _bare(letters, int(port), Path(place))
    cost = Cost(
        cpu_ms=(time.process_time() - cpu) / letters * 1000,
        wall_ms=(time.perf_counter() - wall) / letters * 1000,
        peak_mb=_peak_mb(),
        began_mb=began_mb,
    )
    print(json.dumps(asdict(cost)))


def serve() -> None:
    """Take letters on a free port, printed first, and keep none, until standard input ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    room = bytearray(1 << 20)
    while True:
        call, _ = listener.accept()
        with call, call.makefile("rb") as file:
            call.sendall(b"220 sink\r\n")
            while line := file.readline():
                word = line[:4].upper()
                if word == b"EHLO":
                    call.sendall(b"250-sink\r\n250 SIZE 50000000\r\n")
                elif word == b"DATA":
                    call.sendall(b"354 go\r\n")
                    tail = b""
                    while not tail.endswith(b"\r\n.\r\n"):
                        count = file.readinto1(room)
                        if not count:
                            break
                        tail = (tail + bytes(room[max(count - 5, 0) : count]))[-5:]
                    call.sendall(b"250 taken\r\n")
                elif word == b"QUIT":
                    call.sendall(b"221 bye\r\n")
                    break
                else:
                    call.sendall(b"250 ok\r\n")


def _bare(letters: int, port: int, score: Path) -> None:
    with smtplib.SMTP("127.0.0.1", port, "localhost") as server:
        for number in range(letters):
            message = EmailMessage()
            message["From"], message["To"], message["Subject"] = _SENDER, _RECIPIENT, f"Ode to Joy {number}"
            message.set_content("Your recording is attached.")
            message.add_attachment(score.read_bytes(), maintype="application", subtype="pdf", filename="score.pdf")
            server.send_message(message)


def _run(how: str, letters: int, port: int, place: Path) -> Cost:
    code = "import sys; from firmware_py.bench import post; post.child(*sys.argv[1:])"
    done = subprocess.run(
        [sys.executable, "-c", code, how, str(letters), str(port), str(place)], capture_output=True, text=True
    )
    if done.returncode:
        raise BenchError(f"sending by {how} failed: {done.stderr.strip().splitlines()[-1:]}")
    return Cost(**json.loads(done.stdout))


@contextmanager
def _sink() -> Iterator[int]:
    command = [sys.executable, "-c", "from firmware_py.bench import post; post.serve()"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            said = server.stdout.readline() if server.stdout else ""
            if not said.strip().isdecimal():
                raise BenchError("the server that letters are sent to did not start")
            yield int(said)
        finally:
            server.kill()


def _queue(state: Path, score: Path, letters: int) -> None:
    with open_outbox(_config(state, 0)) as outbox:
        for number in range(letters):
            folder = SessionFolder.create(state / "sessions", finished_record(number))
            os.link(score, folder.file(SessionFolder.SCORE))
            outbox.queue(folder.path, _RECIPIENT)


def _config(state: Path, port: int) -> Config:
    mail = MailSettings(transport="smtp", host="127.0.0.1", port=port, security="none", sender=_SENDER)
    return Config(paths=PathSettings(state=str(state)), mail=mail)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
