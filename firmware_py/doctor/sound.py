"""The sound device, and what the last session tells of xruns and delay."""

from typing import Final

from firmware_py.archive.calibration import device_delay
from firmware_py.archive.library import list_sessions
from firmware_py.archive.session_folder import SessionRecord
from firmware_py.config import SoundSettings
from firmware_py.doctor.check import Patient
from firmware_py.doctor.finding import Finding, Level
from firmware_py.doctor.place import player_of
from firmware_py.errors import AudioDeviceError, SessionFolderError
from firmware_py.sound.output import Output, open_output

THINGS: Final = {"sound": "Sound", "xruns": "Xruns"}
LISTEN_S: Final = 0.7  # of silence, played to count xruns
LATE_MS: Final = 80.0
TOO_LATE_MS: Final = 150.0
_BUSY: Final = "busy"  # EBUSY as libasound puts it
_DEVICE_REMEDY: Final = (
    "plug in a loudspeaker or USB sound card, and look at audio and devices under [sound]; aplay -l lists the cards"
)


def device(patient: Patient) -> list[Finding]:
    """Open the sound device as the instrument does and play a moment of silence."""
    settings, state = patient.config.sound, patient.config.state
    if settings.audio in ("paced", "offline"):
        says = f"{settings.audio}: nothing is heard, the recording is made all the same"
        remedy = "set audio to auto under [sound] to hear it"
        return [Finding("sound", THINGS["sound"], Level.AMBER, says, remedy), _last_xruns(patient)]
    try:
        output = _opened(settings)
    except AudioDeviceError as error:
        if _BUSY in str(error) and (pid := player_of(state)):
            says = f"in use by the instrument (process {pid})"
            return [Finding("sound", THINGS["sound"], Level.GREEN, says), _last_xruns(patient)]
        said = str(error).partition(";")[0]
        return [Finding("sound", THINGS["sound"], Level.RED, said, _DEVICE_REMEDY), _last_xruns(patient)]
    try:
        xruns = play_silence(output, settings.rate_hz)
    finally:
        output.close()
    told = Finding("sound", THINGS["sound"], Level.GREEN, output.description)
    if output.lost:
        told = Finding("sound", THINGS["sound"], Level.RED, f"{output.description} went away", _DEVICE_REMEDY)
    last = _last_xruns(patient)
    return [told, last if last.level is not Level.GREEN or not xruns else _xruns(xruns, "in a moment of silence")]


def _opened(settings: SoundSettings) -> Output:
    """Open what the instrument would; for auto each device in its order, but not the stand-in for none."""
    specs = [settings.audio]
    if settings.audio == "auto":
        from firmware_py.sound import alsa

        specs = [f"alsa:{name}" for name in (*settings.devices.split(), "default", *alsa.card_devices())]
    refused = ""
    for spec in specs:
        try:
            return open_output(
                spec, rate_hz=settings.rate_hz, period_frames=settings.period_frames, periods=settings.periods
            )
        except AudioDeviceError as error:
            refused = str(error) if not refused or _BUSY in str(error) else refused
    if settings.audio == "auto" and _BUSY not in refused:
        raise AudioDeviceError("no sound card was found")
    raise AudioDeviceError(refused)


def play_silence(output: Output, rate_hz: int, seconds: float = LISTEN_S) -> int:
    """Play so many seconds of silence; return the xruns after the first, with which some devices begin."""
    import numpy as np

    block = np.zeros((output.period_frames, 2), np.int16)
    count = max(1, round(seconds * rate_hz / output.period_frames))
    before = 0
    for n in range(count):
        if output.lost:
            break
        output.write(block)
        if n == output.periods:
            before = output.xruns
    return output.xruns - before


def _last_xruns(patient: Patient) -> Finding:
    record = last_record(patient)
    if record is None:
        return Finding("xruns", THINGS["xruns"], Level.GREEN, "nothing was played here yet")
    return _xruns(int(record.counters.get("xruns", 0)), f"in the last session of {record.seconds:.0f} s")


def _xruns(count: int, when: str) -> Finding:
    level = Level.GREEN if count == 0 else Level.AMBER if count <= 3 else Level.RED
    remedy = "" if count == 0 else "set more periods or longer ones under [sound]; see Realtime and Power"
    return Finding("xruns", THINGS["xruns"], level, f"{count or 'none'} {when}", remedy, {"xruns": count})


def delay(patient: Patient) -> list[Finding]:
    """Tell how much later than the hand the sound was in the last session that measured it."""
    record = last_record(patient, measured=True)
    calibrated = device_delay(patient.config.state)
    if record is None:
        says = "not measured yet: a session that is counted in does it"
        return [Finding("delay", "Delay", Level.GREEN, says)]
    ms = 1000 * (record.delay_s + record.device_delay_s)
    level = Level.RED if ms > TOO_LATE_MS else Level.AMBER if ms > LATE_MS else Level.GREEN
    remedy = ""
    if level is not Level.GREEN:
        remedy = "a camera of 60 pictures a second, more light, a USB sound card instead of Bluetooth or HDMI"
    says = f"{ms:.0f} ms from hand to sound, measured in the last session"
    if calibrated:
        says += f"; {calibrated.device} calibrated"
    return [Finding("delay", "Delay", level, says, remedy, {"delay_ms": round(ms, 1)})]


def last_record(patient: Patient, *, measured: bool = False) -> SessionRecord | None:
    """Return the newest session with an end, or the newest that measured its delay."""
    for folder in reversed(list_sessions(patient.config.state)):
        try:
            record = folder.record()
        except SessionFolderError:
            continue
        if record.end and (record.delay_how not in ("set", "assumed") or not measured):
            return record
    return None
