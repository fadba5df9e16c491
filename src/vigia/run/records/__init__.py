"""The desk's records in the gateway: read from the journal, kept by the watch, shown to people."""
