"""Archive: the session folder, the truth about a session; everything else is recomputed from it."""
