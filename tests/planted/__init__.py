"""Bugs put into the core on purpose: a context manager each -> what the invariants must catch."""
