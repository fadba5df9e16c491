"""The ways a small drone moves, as a table: docs/track.md section 1 says where each comes from."""

from __future__ import annotations

import numpy as np

# q [m^2/s^3], tau [s], q up, tau up, stay [s], prior, speed at birth [m/s]
MODELS = np.array(
    [
        [1.1, 430.0, 0.1, 5.0, 22.0, 0.37, 28.0],  # cruises
        [40.0, 3.7, 1.0, 3.1, 9.5, 0.50, 11.0],  # turns, brakes, climbs, dives
        [0.4, 1.0, 0.02, 1.4, 13.0, 0.13, 1.5],  # hovers
        [12.0, 15.0, 1.0, 8.0, 1.0, 1.0, 11.0],  # of which only bearings are known
    ]
)
