"""`python -m vigia` is the `vigia` command."""

from vigia.cli import app

app()
