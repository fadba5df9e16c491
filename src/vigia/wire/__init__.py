"""bytes <-> typed messages: codecs both ways, no IO."""
