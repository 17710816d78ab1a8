"""Songs from other programs' files: Standard MIDI, MusicXML, UltraStar, and plain sound.

``read_foreign`` (in ``reading``) is the one way in. A file is bounded before it is read, and whatever is wrong with it
is one SongError that names the place.
"""
