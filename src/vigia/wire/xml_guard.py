"""Bytes of XML from others -> an lxml tree, or why not. No document types, no entities, bounded.

Two readers: expat walks first and stops at the first thing that attacks a reader (a document type,
depth, number of elements), in whatever encoding; only then does lxml build the tree.
"""

from __future__ import annotations

from typing import TypeAlias
from xml.parsers import expat

from lxml import etree

from vigia.wire.advert import Refused

Element: TypeAlias = etree._Element  # pyright: ignore[reportPrivateUsage] - lxml names it so

DEPTH_MAX = 24
ELEMENTS_MAX = 5_000
ATTRIBUTES_MAX = 32  # of one element


class _Stop(Exception):
    def __init__(self, code: str, what: str) -> None:
        super().__init__(what)
        self.refused = Refused(code=code, what=what)


def read_xml(data: bytes, *, size_max: int, whole: bool = False) -> Element | Refused:
    """The root element. whole: with comments and processing instructions, for a signature."""
    if len(data) > size_max:
        return Refused(code="size", what=f"XML: got {len(data)} bytes; need at most {size_max}")
    try:
        _walk(data)
        return etree.fromstring(data, _parser(whole=whole))
    except _Stop as stop:
        return stop.refused
    except (expat.ExpatError, etree.XMLSyntaxError, LookupError, ValueError) as e:
        return Refused(code="xml", what=f"not well-formed XML: {e}")


def _parser(*, whole: bool) -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=not whole,
        remove_pis=not whole,
    )


def _walk(data: bytes) -> None:
    depth = elements = 0

    def start(_name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, elements
        depth += 1
        elements += 1
        if depth > DEPTH_MAX or elements > ELEMENTS_MAX or len(attributes) > ATTRIBUTES_MAX:
            raise _Stop(
                "size",
                f"XML: got more than {DEPTH_MAX} levels, {ELEMENTS_MAX} elements or "
                f"{ATTRIBUTES_MAX} attributes",
            )

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    def doctype(*_: object) -> None:
        raise _Stop("doctype", "XML: got a document type; none is read (entities attack readers)")

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = doctype
    parser.EntityDeclHandler = doctype
    parser.Parse(data, True)
