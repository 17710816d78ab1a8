"""The mail password: read from a file that only its owner can read, or from a systemd credential.

Never from the environment or the configuration, and never in a message: what is said here names the file only.
"""

import os
import stat
from pathlib import Path
from typing import Final

from firmware_py.post.transports import ServerRefusedError

CREDENTIAL: Final = "hand-dance.mail-password"
SEALED: Final = f"{CREDENTIAL}.sealed"
"""The same, where the set-up at boot has sealed it; one that a person put there by hand counts for more."""
_LARGEST_BYTES: Final = 16_384
_LONGEST: Final = 4096


def password(password_file: str) -> str:
    """Read the password, one line of text; parameters and errors as for ``secret``."""
    found = secret(password_file).rstrip("\r\n")
    if not found or len(found) > _LONGEST or any(c in found for c in "\0\r\n"):
        raise ServerRefusedError(
            f"the password file {password_file or CREDENTIAL} must hold one line with the password; "
            "it is empty or holds more"
        )
    return found


def secret(password_file: str) -> str:
    """Read the secret, whatever it is.

    Parameters
    ----------
    password_file
        Path of a file of mode 0600 (or 0400); empty: the systemd credential ``hand-dance.mail-password``.

    Raises
    ------
    ServerRefusedError
        There is none, it is no text or too large, or others can read it; with what to do.
    """
    if password_file:
        return _read(Path(password_file).expanduser(), private=True)
    folder = os.environ.get("CREDENTIALS_DIRECTORY", "")
    for name in (CREDENTIAL, SEALED) if folder else ():
        if (given := Path(folder, name)).exists():
            # No look at the mode: systemd keeps the folder to the service's user, and shows its access list as group
            # bits.
            return _read(given, private=False)
    raise ServerRefusedError(
        f"the mail server wants a login but there is no password: name a file of mode 0600 as mail.password_file, "
        f"or give the service the credential {CREDENTIAL}"
    )


def _read(path: Path, *, private: bool) -> str:
    try:
        # Not to wait for a writer, should the path be a pipe.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ServerRefusedError(
                    f"the password file {path} is not a plain file; put the password into one of mode 0600"
                )
            if private and stat.S_IMODE(status.st_mode) & 0o077:
                raise ServerRefusedError(
                    f"the password file {path} can be read by others (mode {stat.S_IMODE(status.st_mode):04o}, allowed "
                    f"is 0600); run 'chmod 600 {path}', and change the password if others use this machine"
                )
            content = file.read(_LARGEST_BYTES + 1)
    except OSError as error:
        if isinstance(error, ServerRefusedError):
            raise
        raise ServerRefusedError(
            f"the password file {path} cannot be read ({error.strerror}); write the password into it, mode 0600"
        ) from error
    if len(content) > _LARGEST_BYTES:
        raise ServerRefusedError(f"the password file {path} holds more than a password; it must hold one line with it")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise ServerRefusedError(
            f"the password file {path} is not UTF-8 text; write the password into it as plain text"
        ) from None
