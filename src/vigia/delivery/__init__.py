"""Alert -> Delivery: which channel, in which order, until acknowledged."""
