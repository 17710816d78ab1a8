"""OSC out: the hand's pitch, level and notes as UDP datagrams, for any synthesizer that listens.

``/hand-dance/note`` (int32 MIDI number, float32 level; level 0 ends it), ``/hand-dance/pitch`` (float32 MIDI number
with cents), ``/hand-dance/level`` (float32, 0…1). Source: Open Sound Control 1.0. Not here: when (``outward``).
"""

import contextlib
import socket
import struct

from firmware_py.errors import UsageError


def osc_message(address: str, *values: int | float) -> bytes:
    """Return one OSC message; an int goes as int32, a float as float32."""
    tags = "," + "".join("i" if isinstance(value, int) else "f" for value in values)
    return (
        _padded(address)
        + _padded(tags)
        + b"".join(struct.pack(">" + tag, value) for tag, value in zip(tags[1:], values, strict=True))
    )


def osc_address(spec: str) -> tuple[str, int]:
    """Read ``HOST:PORT``. Raises UsageError where it is none."""
    host, _, port = spec.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65_536:
        raise UsageError(f"sound.osc_out is {spec!r}; allowed is HOST:PORT with a port from 1 to 65535, or empty")
    return host.strip("[]"), int(port)


class OscOut:
    """Sends to one address; what cannot be sent is lost, as datagrams may be."""

    def __init__(self, spec: str) -> None:
        """Find the address. Raises UsageError where there is none such."""
        host, port = osc_address(spec)
        try:
            family, kind, protocol, _, to = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        except OSError as error:
            raise UsageError(f"sound.osc_out is {spec!r}, and {host} is not known here ({error.strerror})") from error
        self._to = to
        self._socket = socket.socket(family, kind, protocol)
        self._socket.setblocking(False)
        self._note = 0

    def note_on(self, note: int, level: float) -> None:
        """Begin a note."""
        self._note = note
        self._send("/hand-dance/note", note, float(level))

    def move(self, pitch: float, level: float) -> None:
        """Tell where the sounding note is now."""
        self._send("/hand-dance/pitch", float(pitch))
        self._send("/hand-dance/level", float(level))

    def note_off(self) -> None:
        """End the note."""
        self._send("/hand-dance/note", self._note, 0.0)

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close()

    def _send(self, address: str, *values: int | float) -> None:
        with contextlib.suppress(OSError):  # nobody listens, or the network is away
            self._socket.sendto(osc_message(address, *values), self._to)


def _padded(text: str) -> bytes:
    """ASCII, ended by one to four zeros up to a multiple of four bytes."""
    return text.encode("ascii") + bytes(4 - len(text) % 4)
