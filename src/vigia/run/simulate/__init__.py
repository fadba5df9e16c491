"""A seeded world -> events: drives the core and judges it."""
