"""The third process: alerts by every channel that is not an open page or TAK."""
