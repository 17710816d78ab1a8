"""The errors this project raises, each one also a builtin's child, so that both kinds of caller can catch it.

A message says what was found, what is allowed, and what to do; the command line prints it as one sentence and
ends with ``exit_code``.
"""


class HandDanceError(Exception):
    """Anything that this project refuses or could not do."""

    exit_code: int = 1


class UsageError(HandDanceError, ValueError):
    """A command, flag or configuration value that cannot mean anything here (exit code 2)."""

    exit_code: int = 2


class ConfigError(UsageError):
    """A configuration file or value that is refused; names file, line, key, what was found and what is allowed."""


class RingLayoutError(HandDanceError, ValueError):
    """A buffer that is not a ring or cell of this layout: wrong magic, version, size or alignment."""


class SegmentBusyError(HandDanceError, BlockingIOError):
    """A shared-memory segment, or a role on it, that a living process already holds."""


class SegmentAccessError(HandDanceError, PermissionError):
    """A shared-memory segment that belongs to somebody else, is too open, or is not a plain file."""


class SegmentMissingError(HandDanceError, FileNotFoundError):
    """A shared-memory segment that is not there: its owner has not made it yet, or has ended."""


class SegmentSpaceError(HandDanceError, OSError):
    """Shared memory that cannot be had: ``/dev/shm`` is full or missing."""


class CameraError(HandDanceError, OSError):
    """A camera, clip or folder of pictures that cannot be opened or read."""


class CameraLostError(CameraError):
    """A camera that worked and stopped; the caller keeps trying to open it again."""


class NoCameraError(CameraError):
    """Not one camera of this kind on this machine."""


class ModelFilesError(HandDanceError, FileNotFoundError):
    """Model files of the finder that are missing or do not carry the expected SHA-256."""


class AudioDeviceError(HandDanceError, OSError):
    """A sound device that cannot be opened or refuses the format."""


class PatchError(UsageError):
    """An unknown patch, or a patch file with an unknown key or a value out of range."""


class SongError(UsageError):
    """An unknown song, or a song file that cannot be understood; names the place in the file."""


class ReachError(HandDanceError, ValueError):
    """A reach that could not be found: no hand, several, none held still, or a far and a near one too much alike."""


class SessionFolderError(HandDanceError, OSError):
    """A session folder that cannot be written or read."""


class AlreadyRunningError(HandDanceError, RuntimeError):
    """Another session of this user is being played; the message names its process."""


class ChildFailedError(HandDanceError, ChildProcessError):
    """Sight or sound could not begin, or died too often; carries its sentence and exit code on."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class NotBegunError(HandDanceError, RuntimeError):
    """A session that was told to end before it began; nothing was recorded."""


class ReportError(HandDanceError, RuntimeError):
    """A report that could not be composed from its session folder."""


class PanelError(HandDanceError, OSError):
    """Buttons or lights whose pins are not there or cannot be used; the instrument plays without them."""


class LanguageError(HandDanceError, ValueError):
    """A catalogue of words that is missing or cannot be understood; names the place in the file."""


class WishError(HandDanceError, OSError):
    """Something that root was asked for and that cannot be asked for here."""


class SetupError(UsageError):
    """A wireless network or a set-up file that cannot be followed; never quotes a password."""


class MailError(HandDanceError, OSError):
    """A letter that could not be handed over now; the outbox keeps it and tries again."""


class MailRefusedError(MailError):
    """A letter, address or login that was refused for good: a person must act."""


class BenchError(HandDanceError, RuntimeError):
    """A benchmark that cannot be run here."""


class PackageError(UsageError):
    """A package of an update that is damaged, signed by nobody whom this box trusts, or made for another machine."""


class UpdateError(HandDanceError, RuntimeError):
    """An update that could not be made, or was taken back; what ran before runs."""
