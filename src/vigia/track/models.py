"""The ways a small drone moves, as a table: docs/track.md section 1 says where each comes from."""

from __future__ import annotations

import numpy as np

# q [m^2/s^3], tau [s], q up, tau up, stay [s], prior, speed at birth [m/s]
MODELS = np.array(
    [
        [1.1, 350.0, 0.2, 5.0, 20.0, 0.36, 28.0],  # cruises
        [40.0, 4.0, 2.0, 4.0, 6.0, 0.48, 9.0],  # turns, brakes, climbs, dives
        [0.4, 1.0, 0.04, 2.0, 12.0, 0.16, 1.5],  # hovers
        [12.0, 15.0, 1.0, 8.0, 1.0, 1.0, 11.0],  # of which only bearings are known
    ]
)
