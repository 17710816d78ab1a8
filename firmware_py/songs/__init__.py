"""The shipped songs: TOML files, our own arrangements of public-domain tunes."""
