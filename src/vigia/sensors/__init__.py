"""bytes -> Observation: one file a sensor."""
