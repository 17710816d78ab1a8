"""Secrets sealed with the key of this machine (systemd-creds), so that a copy of the file alone is worth nothing.

A Pi has no chip that keeps the key: it lies in /var/lib/systemd on the same card, and whoever has the whole card has
both. What is sealed does not leave the box in a backup of /etc or by a mistake, and no more is promised.
"""

import logging
import subprocess
from typing import Final

log: Final = logging.getLogger(__name__)
_COMMAND_S: Final = 30.0


def seal(name: str, secret: str) -> bytes | None:
    """Return the secret sealed as the credential of this name; None where this machine cannot (it is logged)."""
    command = ["systemd-creds", "--with-key=host", f"--name={name}", "encrypt", "-", "-"]
    try:
        done = subprocess.run(command, input=secret.encode(), capture_output=True, timeout=_COMMAND_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        log.warning("systemd-creds: %s", error)
        return None
    if done.returncode or not done.stdout:
        log.warning("systemd-creds ended with %d: %s", done.returncode, done.stderr.decode(errors="replace").strip())
        return None
    return done.stdout
