"""Signatures of packages: OpenSSH's own (``ssh-keygen -Y``), by any SSH key whose public half the box was given.

The file of trusted keys has a line each: ``hand-dance ssh-ed25519 AAAA…``, as ALLOWED SIGNERS in ssh-keygen(1) says.
"""

import subprocess
import tempfile
from pathlib import Path
from typing import Final

from firmware_py.errors import PackageError, UpdateError

SIGNERS: Final = Path("/etc/hand-dance/update-signers")
_WHO: Final = "hand-dance"
_FOR: Final = "hand-dance-update"  # a signature that the same key made for something else is none
_COMMAND_S: Final = 30.0


def check_signature(content: bytes, signature: bytes, signers: Path = SIGNERS) -> None:
    """Raise PackageError unless somebody whom this box trusts signed the content."""
    try:
        trusted = signers.read_text().strip()
    except FileNotFoundError:
        trusted = ""
    except (OSError, UnicodeDecodeError) as error:
        raise PackageError(f"{signers} cannot be read ({error}); write it anew") from None
    if not trusted:
        raise PackageError(
            f"this box trusts nobody's updates yet: {signers} names no key; write there: {_WHO} and your public SSH key"
        )
    with tempfile.NamedTemporaryFile() as file:
        file.write(signature)
        file.flush()
        done = _ssh_keygen("verify", "-f", signers, "-I", _WHO, "-s", file.name, content=content)
    if done.returncode:
        raise PackageError(f"it is signed by nobody whom {signers} names; get it from whoever looks after this box")


def sign(content: bytes, key: Path) -> bytes:
    """Sign with a private SSH key, or a public one whose private half an agent holds; raises UpdateError."""
    done = _ssh_keygen("sign", "-f", key, content=content)
    if done.returncode:
        raise UpdateError(f"{key} cannot sign ({done.stderr.decode(errors='replace').strip()}); name another SSH key")
    return done.stdout


def public_half(key: Path) -> str:
    """Return kind and text of a key's public half, as its .pub file has them; raises UpdateError."""
    file = key if key.suffix == ".pub" else key.with_name(f"{key.name}.pub")
    try:
        return " ".join(file.read_text().split()[:2])
    except (OSError, UnicodeDecodeError) as error:
        raise UpdateError(f"{file} cannot be read ({error}); write it: ssh-keygen -y -f {key} >{file}") from None


def _ssh_keygen(what: str, *arguments: str | Path, content: bytes) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["ssh-keygen", "-Y", what, "-n", _FOR, *arguments], input=content, capture_output=True, timeout=_COMMAND_S
        )
    except FileNotFoundError:
        raise UpdateError("ssh-keygen is not here, which checks signatures; apt install openssh-client") from None
    except subprocess.TimeoutExpired:
        raise UpdateError(f"ssh-keygen did not answer within {_COMMAND_S:.0f} s; try again") from None
