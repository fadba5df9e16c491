"""Observation -> Track."""
