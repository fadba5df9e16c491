"""What is weak about an installation, and what to do about it (`vigia doctor`)."""
