"""Sight: cameras → hands → hand samples. Knows nothing of sound; the ring is its only way out."""
