"""Track -> Threat: track x person, time to arrival."""
