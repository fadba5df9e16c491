"""Alert -> bytes of one channel, and its replies back."""
