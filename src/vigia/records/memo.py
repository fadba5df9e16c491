"""The memo of 1 February 2025 as a template: its structure, with invented names and places.

What the original lacked is in it: what is not known, grades, an expiry, whom to report to.
"""

from __future__ import annotations

from vigia.records.bulletin import (
    Both,
    Bulletin,
    BulletinStatus,
    Likelihood,
    Statement,
    Tlp,
)
from vigia.records.common import SourceRef
from vigia.terms import Grade

_DO = (
    Both(
        "Stay aware of the sky at all times; look and listen for drones.",
        "Esté atento al cielo en todo momento; mire y escuche si hay drones.",
    ),
    Both(
        "Report every drone at once: DRONE SEEN on the phone, or by radio.",
        "Informe de todo dron de inmediato: DRON VISTO en el teléfono, o por radio.",
    ),
    Both(
        "Carry first-aid kit and tourniquet; wear body armour.",
        "Lleve botiquín y torniquete; use chaleco antibalas.",
    ),
    Both(
        "Know the nearest cover wherever you stand.",
        "Sepa dónde está la cobertura más cercana.",
    ),
)
_DONT = (
    Both(
        "Do not touch a drone on the ground; keep 100 m away and call it in.",
        "No toque un dron en tierra; aléjese 100 m e informe.",
    ),
    Both("Do not gather in the open.", "No se agrupen al descubierto."),
)


def memo(*, issuer: str, effective: str, expires: str, mark: str = "actual") -> Bulletin:
    """A draft to change. effective, expires: ISO times."""
    return Bulletin(
        status=BulletinStatus.DRAFT,
        mark=mark,
        issuer=issuer,
        effective=effective,
        expires=expires,
        title=Both(
            "Attacks with explosive drones ordered on agents and soldiers at the border",
            "Orden de ataques con drones explosivos contra agentes y soldados en la frontera",
        ),
        summary=Both(
            "Leaders of a criminal group have told their people to attack agents and soldiers "
            "along the border with drones that carry explosives.",
            "Jefes de un grupo criminal ordenaron a su gente atacar con drones que llevan "
            "explosivos a agentes y soldados a lo largo de la frontera.",
        ),
        targeted=(
            Both(
                "Border agents and soldiers on duty along the border line",
                "Agentes fronterizos y soldados de servicio en la línea fronteriza",
            ),
        ),
        known=(
            Statement(
                text=Both(
                    "The group has used drones with explosives against rivals and police.",
                    "El grupo ha usado drones con explosivos contra rivales y policías.",
                ),
                source=0,
            ),
        ),
        unknown=(
            Both(
                "When, where and with which drones; no attack on agents is confirmed.",
                "Cuándo, dónde y con qué drones; no hay ataque confirmado contra agentes.",
            ),
        ),
        likelihood=Likelihood.UNLIKELY,
        likelihood_of=Both(
            "An attack on agents within the next two weeks",
            "Un ataque contra agentes en las próximas dos semanas",
        ),
        do=_DO,
        dont=_DONT,
        report_to=(
            Both("Your supervisor and the watch floor", "Su superior y la sala de guardia"),
        ),
        tlp=Tlp.AMBER,
        handling=Both(
            "For law enforcement and armed forces with a need to know.",
            "Para fuerzas de seguridad y armadas con necesidad de saber.",
        ),
        sources=(
            SourceRef(title="Report of the sector's intelligence centre", grade=Grade("B", 3)),
        ),
    )
