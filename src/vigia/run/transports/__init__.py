"""A sensor's address in the settings -> the transport that reaches it, one module each."""
