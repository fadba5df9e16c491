"""Seeded scenes -> how well people were warned: the benchmark of warning quality."""
