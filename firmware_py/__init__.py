"""Hand Dance: an instrument played with a hand in the air."""

__version__ = "0.1.0"
