"""The first hour of a new agency: `vigia setup`, which ends with a drill somebody answered."""
