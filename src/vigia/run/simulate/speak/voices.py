"""Which invented receivers there are, and the way each of them speaks."""

from __future__ import annotations

from vigia.run.simulate.speak import voices_bytes, voices_json
from vigia.run.simulate.speak.ways import Voice

VOICES: dict[str, Voice] = {
    "dji_antsdr": Voice("listen", voices_bytes.dji_antsdr),
    "dji_beacon": Voice("listen", voices_bytes.dji_beacon, voices_bytes.CAPTURE_HEAD),
    "dragonsync": Voice("zmq", voices_json.dragonsync),
    "dronecot": Voice("datagrams", voices_bytes.dronecot),
    "dronescout": Voice("mqtt", voices_json.dronescout),
    "mavlink_odid": Voice("datagrams", voices_bytes.mavlink_odid),
    "mesh_mapper": Voice("listen", voices_json.mesh_mapper),
    "observations": Voice("post", voices_json.observations),
    "readsb": Voice("answer", voices_json.readsb),
    "remote_id": Voice("listen", voices_bytes.remote_id, voices_bytes.CAPTURE_HEAD),
    "remoteid_web_ui": Voice("answer", voices_json.remoteid_web_ui),
}
