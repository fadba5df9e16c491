"""CSV or GeoJSON text -> incidents, with a clear word for each row that is not taken; and back.

A profile says which column is what, because every dataset has its own names and its own habit of
writing 0 where nothing is known.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from vigia.records.common import Precision, SourceRef, Span, exactly, together
from vigia.records.incident import Cause, Harm, Incident, Kind, Place, Status, Unit, Victims

ROWS_MAX = 100_000
BYTES_MAX = 64 * 1024 * 1024


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """columns: our field -> the dataset's column. words: our field -> its words -> ours.

    zero: what 0 killed or injured means there: "zero", or "unsaid" where it is also written for
    not known. centroid_m: how far from the truth its points may be. victims: whose harm it is.
    """

    name: str
    columns: dict[str, str]
    words: dict[str, dict[str, str]] = {}
    zero: str = "zero"
    centroid_m: float | None = None
    victims: Victims = Victims.UNSAID
    unit: Unit = Unit.ATTACK
    kind: Kind = Kind.ATTACK
    cause: Cause = Cause.DRONE

    def __post_init__(self) -> None:
        if self.zero not in ("zero", "unsaid"):
            raise ValueError(f'profile zero: got {self.zero!r}; need "zero" or "unsaid"')
        if "begins" not in self.columns:
            raise ValueError("profile columns: need one for begins")


# Our own export; columns are our names.
_OWN = (
    *("begins", "ends", "precision", "country", "region", "place", "lat_deg", "lon_deg"),
    *("radius_m", "kind", "unit", "amount", "actor", "target", "killed", "injured", "cause"),
    *("summary", "source", "url", "status"),
)
OWN = Profile(name="vigia", columns={name: name for name in _OWN})
# The open table of drone incidents in Latin America (Portuguese; points are centroids of a state
# or city; 0 is also written where the text says that numbers were not disclosed).
LATAM = Profile(
    name="latam",
    columns={
        "begins": "data",
        "country": "pais",
        "region": "estado_regiao",
        "city": "cidade",
        "place": "bairro_comunidade",
        "lat_deg": "latitude",
        "lon_deg": "longitude",
        "actor": "grupo",
        "kind": "tipo_uso",
        "target": "alvo",
        "killed": "mortos",
        "injured": "feridos",
        "summary": "descricao",
        "source": "fonte",
        "url": "url",
    },
    words={
        "country": {"Brasil": "BR", "Mexico": "MX", "México": "MX", "Colômbia": "CO"},
        "kind": {"ataque": "attack", "monitoramento": "surveillance"},
        "target": {
            "policia": "police",
            "polícia": "police",
            "exercito": "soldier",
            "exército": "soldier",
            "civis": "civilian",
            "forças de segurança": "police",
        },
    },
    zero="unsaid",
    centroid_m=50_000.0,
)
PROFILES = {p.name: p for p in (OWN, LATAM)}


class RowError(msgspec.Struct, frozen=True):
    row: int  # from 1, the header not counted
    what: str


def read_csv(text: str, profile: Profile) -> tuple[list[tuple[str, Incident]], list[RowError]]:
    """(id, incident) of each good row, and what is wrong with the others. Ids derive from the
    row's content, so that importing a file twice proposes nothing twice.

    Raises ValueError when it is no such table at all.
    """
    rows = csv.DictReader(io.StringIO(text))
    missing = [
        c for f, c in profile.columns.items() if f == "begins" and c not in (rows.fieldnames or ())
    ]
    if missing:
        raise ValueError(
            f"table: got columns {', '.join((rows.fieldnames or ())[:12])}; need {missing[0]!r} "
            f"(profile {profile.name}); choose another profile"
        )
    good: list[tuple[str, Incident]] = []
    bad: list[RowError] = []
    for n, row in enumerate(rows, 1):
        if n > ROWS_MAX:
            bad.append(RowError(n, f"not read: need at most {ROWS_MAX} rows a file"))
            break
        try:
            incident = _incident(row, profile, n)
        except ValueError as e:
            bad.append(RowError(n, str(e)))
            continue
        good.append((row_id(profile.name, row), incident))
    return good, bad


def row_id(dataset: str, row: Mapping[str, Any]) -> str:
    """Stable for a row's content."""
    told = "\n".join([dataset, *(f"{k}={row[k]}" for k in sorted(k for k in row if k))])
    return f"inc-{hashlib.sha256(told.encode()).hexdigest()[:16]}"


def _incident(row: Mapping[str, str | None], p: Profile, n: int) -> Incident:
    def at(field: str) -> str:
        value = (row.get(p.columns.get(field, "")) or "").strip()
        return p.words.get(field, {}).get(value, p.words.get(field, {}).get(value.lower(), value))

    killed, injured = _span(at("killed"), p, "killed"), _span(at("injured"), p, "injured")
    target = _word(at("target"), Victims, Victims.UNSAID, strict=p is OWN)
    source = at("source")
    return Incident(
        status=_word(at("status"), Status, Status.CANDIDATE),
        kind=_word(at("kind"), Kind, p.kind),
        unit=_word(at("unit"), Unit, p.unit),
        begins=at("begins"),
        ends=at("ends"),
        precision=_word(at("precision"), Precision, Precision.DAY),
        place=Place(
            name=", ".join(x for x in (at("place"), at("city")) if x),
            region=at("region"),
            country=at("country"),
            lat_deg=_number(at("lat_deg"), "lat_deg"),
            lon_deg=_number(at("lon_deg"), "lon_deg"),
            radius_m=_number(at("radius_m"), "radius_m") or p.centroid_m,
        ),
        amount=Span(1, 1, 1) if not at("amount") else _span(at("amount"), p, "amount"),
        summary=at("summary"),
        actor=at("actor"),
        target=target,
        target_note="" if target is not Victims.UNSAID else at("target"),
        harm=(Harm(victims=p.victims, killed=killed, injured=injured),),
        cause=_word(at("cause"), Cause, p.cause),
        sources=(SourceRef(title=source, url=at("url")),) if source else (),
        origin=f"{p.name}, row {n}",
    )


def _span(text: str, p: Profile, what: str) -> Span:
    """ "" unknown; "3"; "2-5"; "2-3-5" (low, best, high); "2+" at least."""
    if not text:
        return Span()
    try:
        if text.endswith("+"):
            return Span(int(text[:-1]))
        parts = [int(float(x)) for x in text.split("-")]
    except ValueError:
        raise ValueError(f"{what}: got {text!r}; need 3, 2-5, 2-3-5, 2+ or nothing") from None
    if any(float(x) != int(float(x)) for x in text.split("-")):
        raise ValueError(f"{what}: got {text!r}; need whole numbers")
    if parts == [0] and p.zero == "unsaid":
        return Span()
    match parts:
        case [n]:
            return exactly(n)
        case [low, high]:
            return Span(low, None, high) if low != high else exactly(low)
        case [low, best, high]:
            return Span(low, best, high)
        case _:
            raise ValueError(f"{what}: got {text!r}; need at most low-best-high")


def span_text(span: Span) -> str:
    """What _span reads back."""
    if span == Span():
        return ""
    if span.best is None:
        return f"{span.low}+" if span.high is None else f"{span.low}-{span.high}"
    if span.low == span.best == span.high:
        return str(span.best)
    if span.high is None:
        return f"{span.low}+"
    return f"{span.low}-{span.best}-{span.high}"


def _number(text: str, what: str) -> float | None:
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{what}: got {text!r}; need a number") from None


def _word(text: str, kind: Any, default: Any, *, strict: bool = True) -> Any:
    """Any: an enum class and one of its members, checked by the caller's field."""
    if not text:
        return default
    try:
        return kind(text)
    except ValueError:
        if not strict:
            return default
        known = ", ".join(k.value for k in kind)
        raise ValueError(f"{kind.__name__.lower()}: got {text!r}; need one of {known}") from None


def to_csv(incidents: Sequence[tuple[str, Incident]]) -> str:
    """Our own profile: read_csv(…, OWN) gives the same numbers back; harm is added over classes."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["id", *_OWN])
    for incident_id, i in incidents:
        writer.writerow([incident_id, *(_cell(v) for v in _cells(i))])
    return out.getvalue()


def _cell(value: object) -> object:
    """A cell that a spreadsheet would run as a formula is quoted."""
    if isinstance(value, str) and value[:1] in ("=", "+", "@", "\t"):
        return "'" + value
    return value


def _cells(i: Incident) -> Iterator[object]:
    first = i.sources[0] if i.sources else None
    yield from (i.begins, i.ends, i.precision.value, i.place.country, i.place.region, i.place.name)
    yield from (i.place.lat_deg, i.place.lon_deg, i.place.radius_m)
    yield from (i.kind.value, i.unit.value, span_text(i.amount), i.actor, i.target.value)
    yield span_text(together([h.killed for h in i.harm]))
    yield span_text(together([h.injured for h in i.harm]))
    yield from (i.cause.value, i.summary)
    yield from ("", "") if first is None else (first.title, first.url)
    yield i.status.value


def to_geojson(incidents: Sequence[tuple[str, Incident]]) -> bytes:
    """RFC 7946; an incident without a place has a null geometry."""
    features: list[dict[str, object]] = []
    for incident_id, i in incidents:
        p = i.place
        point = {"type": "Point", "coordinates": [p.lon_deg, p.lat_deg]}
        features.append(
            {
                "type": "Feature",
                "id": incident_id,
                "geometry": None if p.lat_deg is None else point,
                "properties": msgspec.to_builtins(i),
            }
        )
    return msgspec.json.encode({"type": "FeatureCollection", "features": features})


class _Feature(msgspec.Struct):
    properties: msgspec.Raw
    id: str = ""


class _Collection(msgspec.Struct):
    features: list[_Feature]


def read_geojson(data: bytes) -> tuple[list[tuple[str, Incident]], list[RowError]]:
    """What to_geojson writes; properties are an Incident's fields. Raises ValueError."""
    try:
        table = msgspec.json.decode(data, type=_Collection)
    except msgspec.DecodeError as e:
        raise ValueError(f"GeoJSON: need a FeatureCollection with features ({e})") from None
    good: list[tuple[str, Incident]] = []
    bad: list[RowError] = []
    for n, feature in enumerate(table.features[:ROWS_MAX], 1):
        try:
            incident = msgspec.json.decode(feature.properties, type=Incident)
        except msgspec.DecodeError as e:
            bad.append(RowError(n, str(e)))
            continue
        told = hashlib.sha256(bytes(feature.properties)).hexdigest()[:16]
        good.append((feature.id[:64] or f"inc-{told}", incident))
    return good, bad
