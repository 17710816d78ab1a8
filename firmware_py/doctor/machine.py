"""The board: heat, power, what a realtime process is granted, the clock, the way to the network."""

import os
import resource
import time
from datetime import UTC, datetime
from typing import Final

from firmware_py.box.access_point import ADDRESS, AccessPoint
from firmware_py.box.releases import PLACE, Releases
from firmware_py.doctor.check import Patient
from firmware_py.doctor.finding import Finding, Level
from firmware_py.doctor.place import player_of
from firmware_py.sound.realtime import PRIORITY

WARM_C: Final = 70.0
HOT_C: Final = 80.0  # where a Pi begins to slow itself down
LEAST_LOCKED: Final = 256 << 20  # bytes, as the unit grants
BUILT_UTC: Final = datetime(2026, 1, 1, tzinfo=UTC)  # no clock that is right shows less
_LOW_VOLTAGE, _SLOWED = 0x1, 0x6  # bits of get_throttled now; 16 places up: since the start


def temperature(patient: Patient) -> list[Finding]:
    """Look at the hottest sensor of the board."""
    degrees = []
    for zone in sorted(patient.machine.file("/sys/class/thermal").glob("thermal_zone*/temp")):
        text = patient.machine.read(f"/sys/class/thermal/{zone.parent.name}/temp")
        if text and text.lstrip("-").isdecimal():
            degrees.append(int(text) / 1000)
    if not degrees:
        return [Finding("temperature", "Temperature", Level.GREEN, "this machine has no sensor")]
    hottest = max(degrees)
    level = Level.RED if hottest >= HOT_C else Level.AMBER if hottest >= WARM_C else Level.GREEN
    remedy = "" if level is Level.GREEN else "give the box air: open its vents, move it out of the sun, fit a heat sink"
    return [
        Finding("temperature", "Temperature", level, f"{hottest:.0f} °C", remedy, {"temperature_c": round(hottest, 1)})
    ]


def power(patient: Patient) -> list[Finding]:
    """Look whether the supply is strong enough, as the Pi's firmware tells."""

    def found(level: Level, says: str, remedy: str = "") -> list[Finding]:
        return [Finding("power", "Power", level, says, remedy)]

    supply = "use the supply made for this Pi (5 V, 3 A or more) and a short, thick cable"
    told = (patient.machine.tells("vcgencmd", "get_throttled") or "").rpartition("=")[2]
    try:
        bits = int(told, 16)
    except ValueError:
        return _power_by_sensor(patient) or [Finding("power", "Power", Level.GREEN, "this machine does not tell of it")]
    if bits & _LOW_VOLTAGE:
        return found(Level.RED, "the voltage is too low now", supply)
    if bits & _SLOWED:
        return found(Level.RED, "the processor is slowed down now", f"{supply}; and let it cool down")
    if bits >> 16 & _LOW_VOLTAGE:
        return found(Level.AMBER, "the voltage was too low since the start", supply)
    if bits >> 16 & _SLOWED:
        return found(Level.AMBER, "the processor was slowed down since the start", "let the box cool down; see Power")
    return found(Level.GREEN, "the voltage has been right since the start")


def _power_by_sensor(patient: Patient) -> list[Finding]:
    """Without vcgencmd: the kernel's own alarm (rpi_volt)."""
    for sensor in sorted(patient.machine.file("/sys/class/hwmon").glob("hwmon*")):
        folder = f"/sys/class/hwmon/{sensor.name}"
        if patient.machine.read(f"{folder}/name") == "rpi_volt":
            low = patient.machine.read(f"{folder}/in0_lcrit_alarm") == "1"
            remedy = "use the supply made for this Pi (5 V, 3 A or more) and a short, thick cable" if low else ""
            says = "the voltage is too low" if low else "the voltage is right"
            return [Finding("power", "Power", Level.RED if low else Level.GREEN, says, remedy)]
    return []


def realtime(patient: Patient) -> list[Finding]:
    """Look whether the sound process may run before everything else: as whoever plays may, else as this user may."""
    pid = player_of(patient.config.state)
    limits = patient.machine.read(f"/proc/{pid}/limits") if pid else None
    if limits:
        granted, locked = _limit(limits, "Max realtime priority"), _limit(limits, "Max locked memory")
    else:
        granted, locked = _granted(), resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
    whose = "the instrument" if limits else "this user"
    missing = []
    if granted != resource.RLIM_INFINITY and granted < PRIORITY:
        missing.append(f"a priority of {granted}, {PRIORITY} is wanted")
    if locked != resource.RLIM_INFINITY and locked < LEAST_LOCKED:
        missing.append(f"{locked >> 20} MB of locked memory, {LEAST_LOCKED >> 20} are wanted")
    if missing:
        remedy = (
            "start it by its unit (systemctl start hand-dance); or in /etc/security/limits.d: rtprio 80, "
            "memlock 262144 for this user"
        )
        return [Finding("realtime", "Realtime", Level.AMBER, f"{whose} is granted {' and '.join(missing)}", remedy)]
    return [Finding("realtime", "Realtime", Level.GREEN, f"{whose} may play before everything else")]


def _granted() -> int:
    """Return the priority that this user's processes get: asked for, by this thread alone, and given back at once."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    except OSError:
        return min(PRIORITY - 1, max(0, resource.getrlimit(resource.RLIMIT_RTPRIO)[0]))
    return PRIORITY


def _limit(limits: str, name: str) -> int:
    """Read the soft limit of one line of /proc/PID/limits."""
    for line in limits.splitlines():
        if line.startswith(name):
            soft = line.removeprefix(name).split()[0]
            return int(soft) if soft.isdecimal() else resource.RLIM_INFINITY
    return 0


def clock(patient: Patient) -> list[Finding]:
    """Look whether the time was set from the network, and whether it can be right at all."""
    now = datetime.now(UTC)
    says = f"{now:%Y-%m-%d %H:%M} UTC"
    title = "Clock"
    if now < BUILT_UTC:
        remedy = "connect the box to the network, which sets its clock, or set it: date -s '2026-01-31 12:00'"
        return [Finding("clock", title, Level.RED, f"{says}, which cannot be right", remedy)]
    told = patient.machine.tells("timedatectl", "show", "--property=NTPSynchronized", "--value")
    marked = patient.machine.file("/run/systemd/timesync/synchronized").exists()
    if told == "yes" or marked:
        return [Finding("clock", title, Level.GREEN, f"{says}, set from the network")]
    if told is None:
        return [Finding("clock", title, Level.GREEN, f"{says}; nothing here tells whether it was set")]
    uptime_min = round(time.clock_gettime(time.CLOCK_BOOTTIME) / 60)
    return [
        Finding(
            "clock",
            title,
            Level.AMBER,
            f"{says}, not set from the network since the start {uptime_min} min ago",
            "connect the box to the network once; until then sessions may bear a wrong date",
        )
    ]


def network(patient: Patient) -> list[Finding]:
    """Look whether there is a way out of this machine. Whether the mail server answers is another check."""
    title = "Network"
    ways = _default_routes(patient)
    if ways:
        return [Finding("network", title, Level.GREEN, f"connected by {', '.join(ways)}")]
    if patient.config.mail.transport != "smtp":
        return [Finding("network", title, Level.GREEN, "not connected, and no letter needs it")]
    return [
        Finding(
            "network",
            title,
            Level.AMBER,
            "not connected: letters wait on the box",
            "plug in a network cable, or set up the Wi-Fi: nmcli device wifi connect NAME --ask",
        )
    ]


def access_point(patient: Patient) -> list[Finding]:
    """Tell the name and the password of the box's own wireless network."""
    title = "Own Wi-Fi"
    machine_id = patient.machine.read("/etc/machine-id")
    if not Releases(patient.machine.file(str(PLACE))).current() or not machine_id:
        return [Finding("access-point", title, Level.GREEN, "not installed as a box")]
    if patient.config.box.access_point == "off":
        return [Finding("access-point", title, Level.GREEN, "off, as it is set")]
    point = AccessPoint.of(machine_id)
    says = f"while there is no network: {point.ssid}, password {point.password}, the box is {ADDRESS} there"
    return [Finding("access-point", title, Level.GREEN, says)]


def _default_routes(patient: Patient) -> list[str]:
    """Return the names of the devices that lead anywhere, over IPv4 or IPv6."""
    found: dict[str, None] = {}
    for line in (patient.machine.read("/proc/net/route") or "").splitlines()[1:]:
        words = line.split()
        if len(words) > 7 and words[1] == words[7] == "00000000" and int(words[3], 16) & 1:
            found[words[0]] = None
    for line in (patient.machine.read("/proc/net/ipv6_route") or "").splitlines():
        words = line.split()
        if len(words) > 9 and words[0] == "0" * 32 and words[1] == "00" and words[9] != "lo":
            found[words[9]] = None
    return list(found)
