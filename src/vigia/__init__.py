"""vigia warns people on the ground before a hostile drone reaches them."""

__version__ = "0.1.0"
