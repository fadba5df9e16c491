"""Checkpoints of other agencies' ledgers -> our cosignatures, and ours to them."""
