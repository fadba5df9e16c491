"""Records of the desk -> counts, comparisons and renderings of them."""
