"""All IO: transports, journal, processes, settings, replay, simulation."""
