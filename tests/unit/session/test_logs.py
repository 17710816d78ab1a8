"""What the journal is told: the box's words, and how bad they are, and nothing before them."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SPEAKS = """
import logging
from firmware_py.session.logs import log_to_where_it_is_read
log_to_where_it_is_read()
logging.getLogger("firmware_py.session.appliance").error("fault: no camera")
"""
HANDLER = """
import logging
class JournalHandler(logging.Handler):
    def __init__(self, **fields):
        super().__init__()
    def emit(self, record):
        print("sent:", self.format(record))
"""


def _said(tmp_path: Path, *libraries: Path) -> str:
    """What a process whose standard error is the journal's prints and sends."""
    with (tmp_path / "journal").open("w+") as journal:
        there = os.fstat(journal.fileno())
        environment = {
            **os.environ,
            "JOURNAL_STREAM": f"{there.st_dev}:{there.st_ino}",
            "PYTHONPATH": os.pathsep.join(map(str, (*libraries, ROOT))),
        }
        command = [sys.executable, "-c", SPEAKS]
        sent = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=journal, text=True, check=True)
        journal.seek(0)
        return sent.stdout + journal.read()


def test_the_journal_gets_the_words_alone(tmp_path: Path) -> None:
    (tmp_path / "systemd").mkdir()
    (tmp_path / "systemd" / "__init__.py").touch()
    (tmp_path / "systemd" / "journal.py").write_text(HANDLER)
    assert _said(tmp_path, tmp_path) == "sent: fault: no camera\n"


def test_without_systemds_library_a_line_begins_with_its_priority(tmp_path: Path) -> None:
    (tmp_path / "systemd.py").touch()  # a module of that name without a journal
    assert _said(tmp_path, tmp_path) == "<3>fault: no camera\n"
