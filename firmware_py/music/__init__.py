"""Music: pitch and scales, songs, the curve a hand played, its notes, and marks. Knows no camera and no device."""
