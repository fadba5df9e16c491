"""Threat -> Alert: whom, when, with which words."""
