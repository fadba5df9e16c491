"""TAK clients <-> the watch: a CoT server in a process of its own, so that no client delays a
warning. Framing and codecs are in vigia.wire; here are sockets, routing, memory and words."""
