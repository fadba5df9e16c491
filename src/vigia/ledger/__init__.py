"""events -> Incident: entries in a tamper-evident tree."""
