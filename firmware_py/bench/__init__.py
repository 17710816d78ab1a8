"""Benchmarks: each measures its peers in the same run and prints JSON. Never part of the unit tests."""
