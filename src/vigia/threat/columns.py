"""What the columns are that the kernel reads, keeps and fills."""

from __future__ import annotations

# what Policy says
L_RADIUS, L_HORIZON, L_WATCH, L_WARN_P, L_WARN_S, L_DANGER_P, L_DANGER_S, L_TOP, L_ATTACK = range(9)
LIMITS = 9
# what is computed once a track
(
    T_E, T_N, T_VE, T_VN, T_SAFE, T_MID, T_MID_MPS, T_FAR, T_FAR_MPS, T_TOP,  # most pairs: no more
    T_SPEED, T_VAR_V, T_EE, T_EN, T_NN, T_BELIEF, T_ODDS, T_MOST, T_SAID_E, T_SAID_N, T_SAID_VAR,
    T_UP, T_PROVED, T_EXISTS, T_DRONE, T_CLIMB, T_TURN, T_VAGUE, T_COMPANY,
) = range(29)  # fmt: skip
TRACK_N = T_COMPANY + 1
# columns of the answer
O_TRACK, O_TARGET, O_TIER, O_RANGE_SURE, O_BEARING_SURE, O_DEPARTING = range(6)
INT_N = O_DEPARTING + 1
(
    O_P, O_EARLIEST, O_P10, O_P50, O_P90, O_RANGE, O_BEARING, O_HEIGHT, O_ATTACK,
) = range(9)  # fmt: skip
FLOAT_N = O_ATTACK + 1
