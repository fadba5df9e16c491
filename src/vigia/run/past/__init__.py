"""The last hours on the console's own screen: what was decided then, read from the journal again.

A process of its own reads, decodes and encodes, so that neither the watch nor the gateway waits
for it (docs/console.md, decisions/0020). Nothing here decides, writes or acts.
"""
