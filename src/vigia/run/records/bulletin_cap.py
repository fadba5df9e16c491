"""A bulletin for another agency -> a CAP 1.2 message: words to read, nothing to do at once.

No response type that sends anybody into cover, urgency "Future" and severity "Unknown": readers
that ring for Immediate or Extreme stay quiet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

from vigia.records.bulletin import Bulletin, Likelihood
from vigia.records.bulletin_text import heads, parts
from vigia.records.common import iso_time
from vigia.records.posted import What
from vigia.terms import Lang
from vigia.wire.cap import TEXT_MAX, Area, CapMessage, Circle, Info, Reference, time_text

if TYPE_CHECKING:
    from vigia.delivery.channels.cap import CapSite
    from vigia.records.posting import Letter

PARAMETER = "vigia.bulletin"  # by which a reader, and our own feed, knows it
HEADLINE_MAX = 160
_LANGUAGES = {Lang.EN: "en-US", Lang.ES: "es-US"}
_ENDS = (What.RECALLED, What.SUPERSEDED)
_CERTAIN = {
    Likelihood.ALMOST_NO_CHANCE: "Unlikely",
    Likelihood.VERY_UNLIKELY: "Unlikely",
    Likelihood.UNLIKELY: "Possible",
    Likelihood.EVEN: "Possible",
    Likelihood.LIKELY: "Likely",
    Likelihood.VERY_LIKELY: "Likely",
    Likelihood.ALMOST_CERTAIN: "Likely",
}


def name_of(bulletin_id: str) -> str:
    """Of its messages in the feed: letters and digits only, as the store's names are."""
    return f"b{sha256(bulletin_id.encode()).hexdigest()[:24]}"


def revision_of(letter: Letter) -> int:
    """Rises with every edition and with its end."""
    return 2 * letter.bulletin.edition + int(letter.what in _ENDS)


def render(
    letter: Letter,
    *,
    site: CapSite,
    words: Mapping[Lang, Mapping[str, str]],
    area: str,
    t_ns: int,
    earlier: Sequence[Reference] = (),
) -> CapMessage:
    """area: the site, told where the bulletin names no place. earlier: what we sent of it."""
    b, ends = letter.bulletin, letter.what in _ENDS
    msg_type = "Cancel" if ends else "Update" if earlier else "Alert"
    restricted = site.restriction or " / ".join(words[lang]["cap.restriction"] for lang in words)
    return CapMessage(
        identifier=f"vigia.{name_of(letter.bulletin_id)}.{revision_of(letter)}",
        sender=site.sender,
        sent=time_text(t_ns, site.offset_min),
        status="Actual" if b.mark == "actual" else "Exercise",
        msg_type=msg_type,
        source="vigia",
        scope=site.scope,
        restriction=restricted if site.scope == "Restricted" else None,
        codes=site.codes,
        note=b.tlp.value,
        references=tuple(earlier),
        infos=tuple(
            _info(letter, lang, words[lang], site=site, area=_area(b, area), t_ns=t_ns)
            for lang in words
        ),
    )


def _info(
    letter: Letter, lang: Lang, words: Mapping[str, str], *, site: CapSite, area: Area, t_ns: int
) -> Info:
    b, ends = letter.bulletin, letter.what in _ENDS
    told = {p.key: p for p in parts(b, lang, words)}
    instruct = [told[k] for k in ("do", "dont", "report_to") if k in told]
    about = [p for k, p in told.items() if k not in ("do", "dont", "report_to")]
    head = [b.tlp.value, b.handling.of(lang), *(f"{k}: {v}" for k, v in heads(b, words))]
    if letter.what is What.RECALLED:
        head = [words["bulletin.recalled"], b.reason.of(lang), *head]
    body = [x for x in head if x] + [f"\n{p.heading}\n" + "\n".join(p.lines) for p in about]
    if letter.what is What.SUPERSEDED:
        body, instruct = [words["bulletin.superseded_text"]], []
    t_end_ns = round(iso_time(b.expires, "expires").timestamp()) * 1_000_000_000
    return Info(
        language=_LANGUAGES[lang],
        event=words["bulletin.kind"],
        responses=("Monitor",),
        urgency="Past" if ends else "Future",
        severity="Unknown",
        certainty="Unknown" if b.likelihood is None else _CERTAIN[b.likelihood],
        effective=time_text(t_ns, site.offset_min),
        expires=time_text(max(t_end_ns, t_ns + 1_000_000_000), site.offset_min),
        sender_name=site.sender_name,
        headline=_headline(letter, lang, words),
        description="\n".join([*body, "", words["bulletin.not_an_alarm"]])[:TEXT_MAX],
        instruction="\n".join(f"{p.heading}: " + " ".join(p.lines) for p in instruct)[:TEXT_MAX]
        or None,
        parameters=(
            (PARAMETER, b.number),
            ("vigia.edition", str(b.edition)),
            ("vigia.tlp", b.tlp.value),
            ("vigia.mark", b.mark),
        ),
        areas=(area,),
    )


def _headline(letter: Letter, lang: Lang, words: Mapping[str, str]) -> str:
    b = letter.bulletin
    marks = [] if b.mark == "actual" else [words[f"bulletin.{b.mark}"]]
    if letter.what is What.RECALLED:
        marks.append(words["bulletin.recalled"])
    title = b.title.of(lang)
    if letter.what is What.SUPERSEDED:
        title = words["bulletin.superseded"]
    return f"{'. '.join([*marks, b.number])}: {title}"[:HEADLINE_MAX]


def _area(b: Bulletin, name: str) -> Area:
    if b.recipients.area is None:
        return Area(desc=name)
    lat_deg, lon_deg, radius_m = b.recipients.area
    return Area(desc=name, circles=(Circle(lat_deg, lon_deg, max(1.0, radius_m / 1_000.0)),))
