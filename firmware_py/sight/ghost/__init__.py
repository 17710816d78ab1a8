"""The ghost player: a camera whose frames show a drawn hand that plays a given melody, with chosen errors."""
