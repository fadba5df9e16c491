"""The observation API as an OpenAPI 3.1 document, from the one table of its fields."""

from __future__ import annotations

from typing import Any

from vigia import __version__
from vigia.wire.observations import ID_KINDS, LAYOUTS, ROWS_MAX, columns

_TYPES = {9: "string", 1: "number", 13: "integer", 4: "integer", 8: "boolean"}
NEEDED = {"bearings": ["t_ms"], "positions": ["t_ms", "lat_deg", "lon_deg"]}


def document() -> dict[str, Any]:  # JSON of any shape
    rows = {name: _row(name) for name in LAYOUTS}
    whole = {
        "type": "object",
        "additionalProperties": False,
        "required": ["sensor_id"],
        "properties": {
            "sensor_id": {"type": "string", "minLength": 1, "maxLength": 64},
            **{name: {"type": "array", "maxItems": ROWS_MAX, "items": rows[name]} for name in rows},
            "alive": {"type": "boolean", "description": "A heartbeat: it looks and sees nothing."},
        },
    }
    answers = {
        "200": {"description": "On record."},
        "401": {"description": "No key that is known."},
        "413": {"description": "Longer than 64 KiB."},
        "422": {"description": "Refused; the answer names field and reason."},
        "429": {"description": "More than posts_per_s of this key's sensor; send it again."},
        "503": {"description": "The watch or its disk does not answer; send it again."},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "vigia observations", "version": __version__},
        "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
        "security": [{"key": []}],
        "paths": {
            "/api/v1/observations": {
                "post": {
                    "operationId": "observe",
                    "requestBody": {
                        "required": True,
                        "content": {
                            "application/json": {"schema": whole},
                            "application/x-protobuf": {
                                "schema": {"type": "string", "format": "binary"}
                            },
                        },
                    },
                    "responses": answers,
                }
            },
            "/api/v1/observations/stream": {
                "post": {
                    "operationId": "observe_stream",
                    "requestBody": {
                        "required": True,
                        "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
                    },
                    "responses": {
                        "200": {"description": "The stream ended; what became of its lines."},
                        "401": answers["401"],
                        "408": {"description": "Nothing for two minutes."},
                    },
                }
            },
        },
    }


def _row(name: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for key, kind in columns(LAYOUTS[name]):
        fields[key] = {"type": _TYPES[kind]}
        if key == "id_kind":
            fields[key]["enum"] = list(ID_KINDS)
        if key == "identity":
            fields[key]["maxLength"] = 24
    return {
        "type": "object",
        "additionalProperties": False,
        "required": NEEDED[name],
        "properties": fields,
    }
