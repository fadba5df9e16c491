"""Seeded multi-sensor scenes -> detections and truth -> scores of any tracker, ours or a peer's.

`scenes` makes them, `score` judges tracks against the truth, `stonesoup_run` is the peer. Frame of
all three: local east, north, up in metres about an origin; azimuth in degrees clockwise from true
north; elevation in degrees up; time in seconds of the scene.
"""
