"""Which song and patch come next, turned through at the panel; what was selected stays until the box is turned off.

Not here: the button or encoder (``panel``), or whether a song can be played, which the plan of a session decides.
"""

from collections.abc import Sequence
from dataclasses import replace

from firmware_py.config import Config
from firmware_py.music.imported_songs import imported_folder
from firmware_py.music.songs_library import FREE_PLAY, known_songs
from firmware_py.sound.patches import patch_files


class Selection:
    """The configuration's song and patch first, then all others in their order, round and round."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._song = config.play.song
        self._patch = config.sound.patch

    def turn_song(self, steps: int) -> str:
        """Go on by so many songs, back by fewer than none, and return the name; the last of all is free play."""
        names = [*known_songs((imported_folder(self._config.state),)), FREE_PLAY]
        self._song = _turned(names, self._song, steps)
        return self._song

    def turn_patch(self, steps: int) -> str:
        """Go on by so many patches and return the name."""
        self._patch = _turned(sorted(patch_files()), self._patch, steps)
        return self._patch

    def of(self, config: Config) -> Config:
        """Return the configuration of a session that begins now."""
        return replace(
            config, play=replace(config.play, song=self._song), sound=replace(config.sound, patch=self._patch)
        )


def _turned(names: Sequence[str], name: str, steps: int) -> str:
    """Return the name ``steps`` after ``name``; one that is not in the list (a path, say) stands before the first."""
    at = names.index(name) if name in names else -(steps > 0)
    return names[(at + steps) % len(names)]
