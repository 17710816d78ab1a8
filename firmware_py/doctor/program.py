"""The program itself: its settings, its release, the finder's model files, and its services."""

from typing import Final

from firmware_py import __version__
from firmware_py.box.outcome import Result, last_outcome
from firmware_py.box.releases import PLACE, Releases
from firmware_py.doctor.check import Patient
from firmware_py.doctor.finding import Finding, Level
from firmware_py.errors import ModelFilesError
from firmware_py.sight import models

UNITS: Final = ("hand-dance.service", "hand-dance-post.path", "hand-dance-post.timer")


def settings(patient: Patient) -> list[Finding]:
    """Tell what is wrong in the configuration."""
    title = "Settings"
    if patient.complaint:
        said, _, remedy = patient.complaint.partition("; ")
        return [Finding("settings", title, Level.RED, said, remedy or "correct that file and start again")]
    return [Finding("settings", title, Level.GREEN, "every one is understood")]


def release(patient: Patient) -> list[Finding]:
    """Tell which release runs, and whether the last update was one."""
    title = "Program"
    place = patient.machine.file(str(PLACE))
    current = Releases(place).current()
    outcome = last_outcome(place)
    if outcome is not None and outcome.result is not Result.KEPT:
        remedy = "hand-dance update --list shows what there is; get a newer package, or ask whoever made it"
        return [Finding("release", title, Level.AMBER, outcome.says, remedy)]
    return [Finding("release", title, Level.GREEN, current or f"{__version__}, not installed as a box")]


def model_files(patient: Patient) -> list[Finding]:
    """Look whether the hand finder's files are there, and the right ones."""
    title = "Hand finder"
    try:
        models.find(patient.config.state)
    except ModelFilesError as error:
        said = str(error).partition(";")[0]
        remedy = "hand-dance models fetches them; until then hands are followed by their colour alone"
        return [Finding("models", title, Level.AMBER, said, remedy)]
    return [Finding("models", title, Level.GREEN, "its model files are whole")]


def services(patient: Patient) -> list[Finding]:
    """Ask systemd about the units of this project."""
    title = "Services"
    wanted = ("LoadState", "ActiveState", "NRestarts")
    told = patient.machine.tells("systemctl", "show", "--property=" + ",".join(("Id", *wanted)), *UNITS)
    units = _units(told or "")
    if not any(unit.get("LoadState") == "loaded" for unit in units.values()):
        return [Finding("services", title, Level.GREEN, "not installed as services")]
    down = [name for name in UNITS if units.get(name, {}).get("ActiveState") not in ("active", "activating")]
    failed = [name for name in UNITS if units.get(name, {}).get("ActiveState") == "failed"]
    restarts = int(units.get(UNITS[0], {}).get("NRestarts") or 0)
    figures = {"restarts": restarts}
    if down:
        says = f"{', '.join(down)} {'failed' if failed else 'not running'}"
        remedy = f"journalctl -u {down[0]} says why; then: systemctl restart {' '.join(down)}"
        return [Finding("services", title, Level.RED, says, remedy, figures)]
    if restarts:
        says = f"running; the instrument was started anew {restarts} times"
        return [Finding("services", title, Level.AMBER, says, "journalctl -u hand-dance says why", figures)]
    return [Finding("services", title, Level.GREEN, "running", figures=figures)]


def _units(told: str) -> dict[str, dict[str, str]]:
    found = {}
    for block in told.split("\n\n"):
        unit = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if "Id" in unit:
            found[unit["Id"]] = unit
    return found
