"""Finding a webcam: by its node, by its name under /dev/v4l/by-id, or the very one that was pulled out.

Not here: opening one (``v4l2``).
"""

import errno
import grp
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from firmware_py.errors import CameraError, NoCameraError
from firmware_py.sight.v4l2_device import Device, Identity, Kernel

DEVICES: Final = Path("/dev")
# Nodes of a Pi's own camera, its codecs and its picture processor: they are libcamera's, and give no pictures here.
NOT_WEBCAMS: Final = ("bcm2835", "unicam", "rp1-cfe", "rpivid", "rpi-hevc", "pispbe")

NONE: Final = "no camera is plugged in; plug one in or use --camera ghost"


@dataclass(frozen=True, slots=True)
class Known:
    """A webcam as it is remembered: its name under by-id, which carries its serial number, and who it says it is."""

    by_id: str
    identity: Identity


def devices(folder: Path = DEVICES) -> tuple[Path, ...]:
    """Return the video devices of this machine in the order of their numbers."""
    found = [node for node in folder.glob("video*") if node.name[5:].isdigit()]
    return tuple(sorted(found, key=lambda node: int(node.name[5:])))


def by_id_names(node: Path, folder: Path = DEVICES) -> list[str]:
    """Return the names under by-id that lead to a node."""
    links = folder / "v4l" / "by-id"
    try:
        return sorted(link.name for link in links.iterdir() if link.resolve() == node.resolve())
    except OSError:
        return []


def node_named(name: str, folder: Path = DEVICES) -> Path:
    """Return the node that a person means: a path, or a name under by-id or an unmistakable part of one.

    Raises CameraError that names what there is.
    """
    if "/" in name:
        path = Path(name)
        if path.exists():
            return path
        raise CameraError(f"there is no {path}; found: {names(folder)}")
    links = folder / "v4l" / "by-id"
    known = sorted(link.name for link in links.iterdir()) if links.is_dir() else []
    # a camera with metadata has a second name for it: the first index is the pictures'
    fitting = [known_name for known_name in known if name.lower() in known_name.lower()]
    fitting = [one for one in fitting if one.endswith("index0")] or fitting
    if name in known:
        fitting = [name]
    if len(fitting) == 1:
        return links / fitting[0]
    if fitting:
        raise CameraError(f"{name!r} fits {', '.join(fitting)}; give more of the name")
    if (folder / name).exists():
        return folder / name
    raise CameraError(f"there is no camera named {name!r}; found: {names(folder)}")


def names(folder: Path = DEVICES) -> str:
    """Return the devices there are, in words, each with its name under by-id."""
    said = [f"{node} ({', '.join(by_id_names(node, folder))})".replace(" ()", "") for node in devices(folder)]
    return ", ".join(said) or "none"


def candidates(wanted: str, known: Known | None, folder: Path, kernel: Kernel | None) -> list[Path]:
    """Return the nodes to try, best first.

    wanted: what a person named, empty for any. known: the camera that was lost: only itself, under whatever number,
    is a candidate, so that play never goes on with another one's view. Raises CameraError where it is not there,
    NoCameraError where there is no device at all.
    """
    if known:
        found = [node for node in devices(folder) if _is(node, known, folder, kernel)]
        if found:
            return found
        raise CameraError(f"{known.identity.card or known.by_id} is gone; plug it in again")
    if wanted:
        return [node_named(wanted, folder)]
    found = list(devices(folder))
    if not found:
        raise NoCameraError(NONE)
    return found


def opened(node: Path, kernel: Kernel | None) -> Device:
    """Open a node. Raises CameraError that says what to do when it may not be, or is not there."""
    try:
        return Device(node, kernel)
    except PermissionError as error:
        raise CameraError(
            f"{node} may not be opened by this user; join its group {_group(node)}: "
            f"sudo usermod --append --groups {_group(node)} $USER, then log in anew"
        ) from error
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
            raise CameraError(f"there is no {node}; plug the camera in again") from error
        raise CameraError(f"{node} cannot be opened ({error.strerror}); {advice(error)}") from error


def advice(error: OSError) -> str:
    """Say what to do about an error of a camera."""
    if error.errno == errno.EBUSY:
        return "another program holds it: end that one"
    if error.errno == errno.ENOSPC:
        return "the USB bus has no room for it: use another socket, or no hub"
    return "plug it in again"


def _group(node: Path) -> str:
    try:
        return grp.getgrgid(node.stat().st_gid).gr_name
    except (OSError, KeyError):
        return "video"


def _is(node: Path, known: Known, folder: Path, kernel: Kernel | None) -> bool:
    """Whether a node is the camera that is remembered."""
    if known.by_id:
        return known.by_id in by_id_names(node, folder)
    try:
        device = Device(node, kernel)
    except OSError:
        return False
    try:
        identity, pictures = device.identity()
    except OSError:
        return False
    finally:
        device.close()
    return pictures and (identity.card, identity.driver) == (known.identity.card, known.identity.driver)
