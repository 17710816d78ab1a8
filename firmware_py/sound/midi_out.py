"""MIDI out: the hand's notes with pitch bend and pressure, so that the box plays any synthesizer.

Plain: channel 1, bend range 2 semitones. MPE: the lower zone with one member channel (2), bend range 48 semitones, so
that the whole range can be bent. Source: MIDI Polyphonic Expression 1.0. Not here: when (``outward``).
"""

import contextlib
from typing import Any, Final

from firmware_py.errors import AudioDeviceError

PORT: Final = "Hand Dance"
VIRTUAL: Final = "virtual"
_BEND_RANGE: Final = {False: 2, True: 48}


def open_port(spec: str) -> Any:
    """Open an ALSA sequencer port for output: ``virtual`` makes one called PORT, else the one of that name.

    Raises AudioDeviceError naming those that there are.
    """
    try:
        import mido

        if spec == VIRTUAL:
            return mido.open_output(PORT, virtual=True)
        names = list(mido.get_output_names())
        found = next((name for name in names if spec in name), None)
        if found is None:
            raise AudioDeviceError(
                f"no MIDI port is called {spec!r}; there are {', '.join(names) or 'none'}, and {VIRTUAL!r} makes one"
            )
        return mido.open_output(found)
    except ImportError as error:
        raise AudioDeviceError(
            f"MIDI out needs python-rtmidi ({error}); install it, or leave midi_out empty"
        ) from error
    except (OSError, RuntimeError) as error:  # what rtmidi raises where there is no sequencer
        raise AudioDeviceError(f"the MIDI port {spec!r} cannot be opened ({error}); leave midi_out empty") from error


class MidiOut:
    """Plays one voice on an open port of mido's. After a port has failed nothing more is sent."""

    def __init__(self, port: Any, *, mpe: bool = False) -> None:
        self._port = port
        self._channel = 1 if mpe else 0
        self._range = _BEND_RANGE[mpe]
        self._note: int | None = None
        self._sent: dict[str, int] = {}
        if mpe:
            self._registered(0, 6, 1)  # the lower zone has one member channel
        self._registered(self._channel, 0, self._range)

    def note_on(self, note: int, level: float) -> None:
        """Begin a note; its bend is set by the ``move`` that comes right after."""
        self._note = note
        self._send("note_on", channel=self._channel, note=note, velocity=max(1, round(127 * level)))

    def move(self, pitch: float, level: float) -> None:
        """Bend the sounding note to ``pitch`` and press it by ``level``; what is as it was is not sent again."""
        if self._note is None:
            return
        bend = round(8192 * (pitch - self._note) / self._range)
        self._change("pitchwheel", "pitch", max(-8192, min(8191, bend)))
        self._change("aftertouch", "value", max(0, min(127, round(127 * level))))

    def note_off(self) -> None:
        """End the note."""
        if self._note is not None:
            self._send("note_off", channel=self._channel, note=self._note)
        self._note = None

    def close(self) -> None:
        """End what sounds and give the port back."""
        self.note_off()
        with contextlib.suppress(OSError, RuntimeError):
            self._port.close()

    def _registered(self, channel: int, parameter: int, value: int) -> None:
        for control, setting in ((101, 0), (100, parameter), (6, value), (38, 0)):
            self._send("control_change", channel=channel, control=control, value=setting)

    def _change(self, kind: str, field: str, value: int) -> None:
        if self._sent.get(kind) != value:
            self._sent[kind] = value
            self._send(kind, channel=self._channel, **{field: value})

    def _send(self, kind: str, **fields: int) -> None:
        import mido

        with contextlib.suppress(OSError, RuntimeError):  # a synthesizer that was unplugged ends no session
            self._port.send(mido.Message(kind, **fields))
