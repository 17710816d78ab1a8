"""Where the log of a box goes: the journal, with priorities, or a person's terminal."""

import logging
import os
import sys
from contextlib import suppress
from typing import Final

_PRIORITIES: Final = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))


def log_to_where_it_is_read() -> None:
    """Log to the journal by its own way where standard error is the journal, else to standard error.

    Without systemd-python each line to the journal begins with its priority, as sd-daemon(3) has it.
    """
    journal = os.environ.get("JOURNAL_STREAM", "")
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JournalLine("%(message)s") if journal else logging.Formatter("%(message)s"))
    there = os.fstat(sys.stderr.fileno())
    if journal == f"{there.st_dev}:{there.st_ino}":
        with suppress(ImportError):
            from systemd.journal import JournalHandler

            handler = JournalHandler(SYSLOG_IDENTIFIER="hand-dance")
            handler.setFormatter(logging.Formatter("%(message)s"))  # basicConfig would put level and room before it
    logging.basicConfig(level=logging.INFO, handlers=[handler])


class _JournalLine(logging.Formatter):
    """Writes ``<3>`` before an error and so on: the journal takes it as the line's priority and shows the rest."""

    def format(self, record: logging.LogRecord) -> str:
        priority = next((number for level, number in _PRIORITIES if record.levelno >= level), 7)
        return "\n".join(f"<{priority}>{line}" for line in super().format(record).splitlines())
