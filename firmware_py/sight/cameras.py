"""Opens the camera that a person named: one word, device, file or folder to one camera.

Not here: any camera itself; each kind has a file of its own.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from firmware_py.config import CameraSettings
from firmware_py.errors import CameraError, UsageError
from firmware_py.sight.camera import Camera
from firmware_py.sight.ghost.part import GhostPart, GhostPlayer

KINDS: Final = (
    "auto, ghost, ghost:KEY=VALUE,…, picamera2, v4l2, v4l2:/dev/videoN, a clip, a picture, or a folder of pictures"
)
LIVE: Final = ("auto", "picamera2", "v4l2")


def is_scripted(source: str) -> bool:
    """Whether this source has a first and a last frame of its own, so that a session need not run in real time."""
    return _kind(source) not in LIVE


def check_source(source: str) -> None:
    """Refuse what cannot be a camera before anything is started.

    Raises UsageError for an unknown word, device name or ghost key, CameraError for a file that is not there.
    """
    kind = _kind(source)
    if kind == "ghost":
        GhostPlayer.parse(_detail(source))
    elif kind == "file":
        _existing(source)


def open_camera(
    source: str,
    settings: CameraSettings,
    *,
    ghost: GhostPart | None = None,
    cache: Path | None = None,
    delay_s: Callable[[], float] | None = None,
) -> Camera:
    """Open a camera.

    Parameters
    ----------
    source
        One of ``KINDS``.
    settings
        Rate and width asked for.
    ghost
        What a ghost plays; None lets it show a still hand for ten seconds.
    cache
        Folder that drawn hands are kept in.
    delay_s
        Tells a ghost how much later the instrument sounds its hand, once that is decided; 0 until then.

    Raises
    ------
    UsageError
        An unknown kind; names the known ones.
    CameraError
        A known kind that cannot be opened; says what to do.
    """
    kind = _kind(source)
    if kind == "ghost":
        from firmware_py.sight.ghost.camera import GhostCamera

        return GhostCamera(
            ghost or GhostPart(), GhostPlayer.parse(_detail(source)), settings.rate_hz, cache=cache, delay_s=delay_s
        )
    if kind == "file":
        return _open_file(_existing(source))
    return _open_live(kind, _detail(source), settings)


def _kind(source: str) -> str:
    word = source.partition(":")[0]
    if word in ("ghost", "v4l2"):
        return word
    if source in LIVE:
        return source
    if source and ("/" in source or "." in source or Path(source).exists()):
        return "file"
    raise UsageError(f"there is no camera {source!r}; known are {KINDS}")


def _detail(source: str) -> str:
    return source.partition(":")[2]


def _existing(source: str) -> Path:
    path = Path(source).expanduser()
    if not path.exists():
        raise CameraError(f"there is no clip, picture or folder {path}; check the name")
    return path


def _open_file(path: Path) -> Camera:
    from firmware_py.sight.pictures import SUFFIXES, Pictures
    from firmware_py.sight.video_file import VideoFile

    if path.is_dir() or path.suffix.lower() in SUFFIXES:
        return Pictures(path)
    return VideoFile(path)


def _open_live(kind: str, device: str, settings: CameraSettings) -> Camera:
    def picamera2() -> Camera:
        from firmware_py.sight.picamera2_camera import Picamera2Camera

        return Picamera2Camera(rate_hz=settings.rate_hz, width=settings.width)

    def v4l2() -> Camera:
        from firmware_py.sight.v4l2 import V4L2Camera

        return V4L2Camera(Path(device) if device else None, rate_hz=settings.rate_hz, width=settings.width)

    tries: dict[str, tuple[Callable[[], Camera], ...]] = {
        "picamera2": (picamera2,),
        "v4l2": (v4l2,),
        "auto": (picamera2, v4l2),
    }
    reasons: list[str] = []
    for attempt in tries[kind]:
        try:
            return attempt()
        except CameraError as error:
            reasons.append(str(error))
    if kind == "auto":
        raise CameraError("no camera was found; plug one in, or use --camera ghost")
    raise CameraError(reasons[-1])
