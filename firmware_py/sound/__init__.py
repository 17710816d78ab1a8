"""Sound: hand samples → sound. Synthesis, outputs, mixer and recorder. Knows nothing of cameras."""
