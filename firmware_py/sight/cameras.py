"""Opens the camera that a person named: one word, device, file or folder to one camera.

Not here: any camera itself; each kind has a file of its own.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from firmware_py.config import CameraSettings
from firmware_py.errors import CameraError, NoCameraError, UsageError
from firmware_py.sight.camera import Camera
from firmware_py.sight.ghost.part import GhostPart, GhostPlayer

KINDS: Final = (
    "auto, ghost, ghost:KEY=VALUE,…, picamera2, v4l2, v4l2:/dev/videoN, v4l2:NAME (of /dev/v4l/by-id), a clip, "
    "a picture, or a folder of pictures"
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
    lost: Camera | None = None,
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
    lost
        The camera to find again: a webcam then is the same one, under whatever number it is now.
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
    return _open_live(kind, _detail(source), settings, lost)


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


def _open_live(kind: str, device: str, settings: CameraSettings, lost: Camera | None) -> Camera:
    mains_hz = 0 if settings.mains == "off" else int(settings.mains)

    def picamera2() -> Camera:
        from firmware_py.sight.picamera2_camera import Picamera2Camera

        return Picamera2Camera(rate_hz=settings.rate_hz, width=settings.width, mains_hz=mains_hz)

    def v4l2() -> Camera:
        from firmware_py.sight.v4l2 import V4L2Camera

        known = lost.known if isinstance(lost, V4L2Camera) else None
        return V4L2Camera(device, rate_hz=settings.rate_hz, width=settings.width, mains_hz=mains_hz, known=known)

    tries: dict[str, tuple[Callable[[], Camera], ...]] = {
        "picamera2": (picamera2,),
        "v4l2": (v4l2,),
        "auto": (picamera2, v4l2),
    }
    last: CameraError | None = None
    for attempt in tries[kind]:
        try:
            return attempt()
        except CameraError as error:
            last = error
        except Exception as error:  # noqa: BLE001 - drivers raise anything, and a session must hear a sentence
            last = CameraError(f"the camera failed ({type(error).__name__}: {error}); plug it in again")
    if kind == "auto" and isinstance(last, NoCameraError):
        raise NoCameraError("no camera was found; plug one in, or use --camera ghost") from last
    raise last or CameraError("no camera was looked for")
