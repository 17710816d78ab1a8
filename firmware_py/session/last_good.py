"""The last good configuration: a box whose settings file is wrong starts all the same, on those that it had before.

Kept as ``last-good.toml`` in the state folder, whole or not at all, and without anything that looks like a secret. Only
the box itself starts so (``run``), and the doctor, who says what is wrong; every other command ends at a wrong setting.
"""

import dataclasses
import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from firmware_py.config import BOOT_FILES, SYSTEM_FILE, Config, PanelSettings, load_config
from firmware_py.errors import UsageError
from firmware_py.panel.pins import check_pins

FILE: Final = "last-good.toml"
_HEAD: Final = "# The settings that Hand Dance last started with, kept by itself. Change /etc/hand-dance/config.toml.\n"
_SECRET: Final = re.compile(r"(password|secret|token|psk|passphrase)(?!_file)", re.IGNORECASE)
_FILES: Final = (SYSTEM_FILE, *BOOT_FILES)


def settings_or_last_good(
    flags: Mapping[tuple[str, str], Any] | None = None,
    environ: Mapping[str, str] | None = None,
    files: tuple[Path, ...] = _FILES,
) -> tuple[Config, str]:
    """Return the configuration and what is wrong with it; empty: nothing.

    Where something is refused, the last good configuration stands in for the files; without one, those files count that
    are in order. Of the environment each variable counts that is right. Pins that cannot be wired so are refused too:
    a box without its buttons and lights is no box. Raises ConfigError for a wrong flag.
    """
    environ = os.environ if environ is None else environ
    try:
        config = load_config(flags, environ, files)
        check_pins(config.panel)
        return config, ""
    except UsageError as error:
        complaint = str(error)
    load_config(flags, {}, ())  # a wrong flag is typed by a person who is there to read it
    good_files = tuple(path for path in files if _is_good({}, (path,)))
    heard = {name: value for name, value in environ.items() if _is_good({name: value}, ())}
    without = _with_pins(load_config(flags, heard, good_files))
    kept = without.state / FILE
    if kept.exists() and _is_good({}, (kept,)):
        config = dataclasses.replace(load_config(flags, heard, (kept,)), paths=without.paths)
        return _with_pins(config), f"{complaint}; until then the last good settings count"
    return without, f"{complaint}; until then the other settings count"


def keep_as_last_good(config: Config) -> bool:
    """Keep this configuration as the last good one; returns whether that could be written.

    Only what differs from its default is kept, so that a later version's defaults count.
    """
    text = _HEAD
    for section in dataclasses.fields(config):
        chosen = _chosen(getattr(config, section.name))
        if chosen and section.name != "paths":  # where things are kept is found without them
            text += f"\n[{section.name}]\n" + "".join(f"{key} = {value}\n" for key, value in chosen.items())
    target = config.state / FILE
    part = target.with_name(f".{FILE}.{os.getpid()}.part")
    try:
        if target.exists() and target.read_text(encoding="utf-8") == text:
            return True  # a card is not written for nothing at every start
        config.state.mkdir(parents=True, exist_ok=True)
        with part.open("w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        part.chmod(0o600)
        os.replace(part, target)
        folder = os.open(config.state, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except (OSError, UnicodeError):
        with suppress(OSError):
            part.unlink(missing_ok=True)
        return False
    return True


def _chosen(section: Any) -> dict[str, str]:
    """Return the settings of a section that are not their defaults, as TOML, without secrets."""
    return {
        declared.name: _toml(value)
        for declared in dataclasses.fields(section)
        if (value := getattr(section, declared.name)) != declared.default and not _SECRET.search(declared.name)
    }


def _toml(value: str | float) -> str:
    """Write a value as TOML: its strings are JSON's, but for DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f") if isinstance(value, str) else repr(value)


def _is_good(environ: Mapping[str, str], files: tuple[Path, ...]) -> bool:
    try:
        check_pins(load_config({}, environ, files).panel)
    except UsageError:
        return False
    return True


def _with_pins(config: Config) -> Config:
    """Return the configuration; where its pins are each right and cannot be together, with those of a plain box."""
    try:
        check_pins(config.panel)
    except UsageError:
        return dataclasses.replace(config, panel=PanelSettings())
    return config
