"""The vocabulary: English and Spanish words and what each group means. Matched on plain text:
lower case, no accents, number words as digits (plain.py)."""

from __future__ import annotations

import re

from vigia.terms import DroneKind, Motion

_KINDS = {
    DroneKind.FIXED_WING: r"fixed[ -]?wings?|ala fija|alas fijas|(?:air)?plane shaped|shahed|zagi",
    DroneKind.HELICOPTER: r"helicopters?|helos?|helicopteros?",
    DroneKind.MULTIROTOR: (
        r"quad(?:copter|rotor)?s?|multirotors?|multicopters?|hexa?copters?|octocopters?|fpvs?|"
        r"cuadricopteros?|cuadrirrotor(?:es)?|multirrotor(?:es)?|hexacopteros?|octocopteros?|"
        r"mavics?|phantoms?|matrice"
    ),
}
_DRONE = (
    r"drones?|dron|s?uas|s?uavs?|rpas|djis?|unmanned aircrafts?|vants?|uass|"
    r"aeronaves? no tripuladas?|avion(?:es)? no tripulados?|drons"
)
KINDS = {kind: re.compile(rf"\b(?:{words})\b") for kind, words in _KINDS.items()}
ANY = rf"(?:{_DRONE}|{'|'.join(_KINDS.values())})"
DRONE = re.compile(rf"\b{ANY}\b")
HELICOPTER_ONLY = re.compile(rf"\b(?:{_KINDS[DroneKind.HELICOPTER]})\b")
DRONE_ONLY = re.compile(
    rf"\b(?:{_DRONE}|{_KINDS[DroneKind.FIXED_WING]}|{_KINDS[DroneKind.MULTIROTOR]})\b"
)

_SIZE = r"(?:big|large|small|black|white|grey|gray|armed|enemy|hostile|unknown|possible|suspected)"
COUNTS = (
    re.compile(rf"\b(\d{{1,3}})\s*(?:x\s*)?(?:{_SIZE} ){{0,2}}{ANY}\b"),
    re.compile(rf"\b{ANY}\s*[x*]\s*(\d{{1,3}})\b"),
    re.compile(r"\b(?:size|tamano|s)\s*[:=-]\s*(\d{1,3})\b"),
    re.compile(rf"\b{ANY}\s*\(\s*(\d{{1,3}})\s*\)"),
)

NEGATED = re.compile(
    rf"\b(?:no|not an?|sin|ningun|neg(?:ative)?|negativo|nunca|zero|0) (?:more |any |mas |un |"
    rf"another |otro )?{ANY}\b|"
    r"\bno (?:es|era|son|hay|veo|vemos|se ve|se ven|tenemos|mas) (?:un |una |ningun |mas )?"
    rf"{ANY}\b|"
    rf"\b(?:do not|don'?t|cannot|can'?t|did not|didn'?t|haven'?t) (?:see|hear|have|seen|heard) "
    rf"(?:any |a |the |more )?{ANY}\b|\b(?:was|is|it'?s) (?:not|no longer) an? {ANY}\b|"
    r"\bfalse alarm\b|\bfalsa alarma\b|\ball clear\b|\btodo (?:en calma|despejado|tranquilo)\b|"
    rf"\b{ANY} (?:is |are |has |have )?(?:gone|left|landed|down|crashed)\b|"
    rf"\b{ANY} (?:ya )?(?:se fue|se fueron|cayo|aterrizo|derribado|se retiro|se retiraron)\b|"
    rf"\b(?:our|my|friendly|nuestro|nuestros|mi|propio|amigo) {ANY}\b|"
    rf"\b{ANY} (?:propio|amigo|nuestro)s?\b|"
    r"\b(?:test|testing|prueba|ejercicio|exercise|drill|simulacro)\b"
)
QUESTION = re.compile(
    rf"\b(?:any|is there|are there|anyone|alguien|hay|algun) [^.?!]{{0,30}}{ANY}[^.!]*\?"
)

HEARD = re.compile(
    r"\b(?:hear(?:d|ing)?|sounds?|buzz(?:ing)?|noise|humming|oigo|oimos|oyo|oye|oyen|oido|"
    r"escuch\w+|zumbido|ruido|sonido)\b"
)
SEEN = re.compile(
    r"\b(?:see|seen|saw|seeing|eyes on|visual|spotted|observed?|sighted|watching|veo|vemos|visto|"
    r"vimos|vista|observ\w+|avist\w+|se ven?|visual|divis\w+)\b"
)

NO_LOAD = re.compile(
    r"\b(?:no|without(?: any)?|not carrying(?: an?)?|sin|no lleva|no trae) "
    r"(?:visible )?(?:payload|load|cargo|carga|nada|anything|bultos?|paquetes?|explosivos?)\b|"
    r"\bcarrying nothing\b|\bno lleva nada\b"
)
LOAD = re.compile(
    r"\b(?:carry(?:ing)?|carries|payloads?|armed|bombs?|grenades?|munitions?|explosives?|ied|"
    r"packages?|bundle|mortar|rpg|something (?:under|below|hanging|attached|slung)|slung|"
    r"drops?|dropped|dropping|"
    r"carga|cargad[oa]s?|cargando|llev(?:a|an|ando)|trae|traen|bomba?s?|granadas?|explosivos?|"
    r"paquetes?|bultos?|artefactos?|colgando|municion(?:es)?|armados?|"
    r"suelt\w+|solto|soltaron|lanz\w+)\b"
)

ATTACK = re.compile(
    r"\b(?:attack(?:ed|ing|s)? (?:here|us|me|now|on us|post)|under (?:drone )?attack|"
    r"(?:drone|uas|uav|fpv) attack|being attacked|"
    r"drop(?:ped|ping|s)? (?:an? |the |\d+ )?(?:bombs?|grenades?|explosives?|munitions?|ied)|"
    r"exploded|explosion|detonat\w+|struck us|hit us|impact(?:ed)? (?:here|on)|"
    r"ataque (?:aqui|con dron(?:es)?|de dron(?:es)?|dron)|nos (?:esta|estan) atacando|"
    r"nos atac\w+|bajo ataque|atacando(?:nos)?|"
    r"(?:solto|soltaron|lanzo|lanzaron|dejo caer|tiro|tiraron|lanzando|soltando) "
    r"(?:un |una |unas |unos |\d+ )?(?:bombas?|granadas?|explosivos?|artefactos?)|"
    r"explot\w+|explosion(?:es)?|detono)\b"
)
ATTACK_ALONE = re.compile(
    r"\battack here\b|\bataque aqui\b|\b(?:drone|uas|uav|fpv) attack\b|\bataque (?:con|de) dron"
)

_US = (
    r"(?:me|us|our (?:position|location|post|camp)|my (?:position|location)|nosotros|mi|aca|aqui|"
    r"nuestr[ao] (?:posicion|puesto|ubicacion)|mi (?:posicion|puesto|ubicacion)|here)"
)
MOTIONS = (
    (
        Motion.TOWARDS_ME,
        re.compile(
            rf"\b(?:towards?|at|for|to|onto|over to) {_US}\b(?<!to here)|"
            rf"\b(?:inbound|incoming|closing in|closing on|approaching {_US})\b|"
            rf"\b(?:hacia|a|para|sobre|contra) {_US}\b|"
            r"\bse (?:nos |me )?acercan?\b|\bviene(?:n)? (?:hacia|a|para|por)\b|\bse aproxima\w*\b|"
            r"\baproximandose\b|\bacercandose\b|\bviene encima\b"
        ),
    ),
    (
        Motion.HOVERING,
        re.compile(
            r"\b(?:hover(?:s|ing|ed)?|loiter(?:ing|s)?|orbit(?:ing|s)?|circl(?:ing|es)|"
            r"stationary|holding|static|overhead|over (?:head|the camp|us)|"
            r"flotando|estacionari[oa]|suspendid[oa]s?|quiet[oa]s?|detenid[oa]s?|inmovil(?:es)?|"
            r"dando vueltas|girando|orbitando|merodeando|fij[oa] (?:en el aire|arriba)|"
            r"encima de|sobrevol\w+|parad[oa]s? en el aire)\b"
        ),
    ),
    (
        Motion.MOVING,
        re.compile(
            r"\b(?:moving|flying|flew|flies|heading|headed|going|crossing|passing|transiting|"
            r"\w+bound|vuela[n]?|volando|volo|rumbo|direccion|moviendose|se muevev?|mueve[n]?|"
            r"cruz\w+|pasando|paso|hacia|va|van|yendo)\b"
        ),
    ),
)

LOW = re.compile(r"\b(?:low|very low|treetop|baj[oa]s?|bajito|ras del suelo|a baja altura)\b")
HIGH = re.compile(r"\b(?:high|very high|high up|alt[oa]s?|muy alto|a gran altura)\b")
HEIGHT = re.compile(
    r"\b(\d{1,5})\s*(m|mts?|meters?|metres?|metros?|ft|feet|foot|pies)\s*"
    r"(?:high|up|agl|msl|altitude|alt|above|de alto|de altura|altura|arriba|sobre el suelo)\b|"
    r"\b(?:alt(?:itude|itud)?|height|altura|agl)\s*[:=]?\s*(?:of |de )?(\d{1,5})\s*"
    r"(m|mts?|meters?|metres?|metros?|ft|feet|foot|pies)\b"
)
RANGE = re.compile(
    r"\b(\d{1,5}(?:\.\d)?)\s*(km|kms|klicks?|kilometers?|kilometres?|kilometros?|m|mts?|meters?|"
    r"metres?|metros?|mi|miles?|millas?|yds?|yards?|yardas?|ft|feet|pies)\b"
)
METRES = {
    "k": 1_000.0,
    "ft": 0.3048,
    "fe": 0.3048,
    "fo": 0.3048,
    "pi": 0.3048,
    "mi": 1_609.3,
    "y": 0.9144,
    "m": 1.0,
}  # fmt: skip - by how the unit begins
AGO = re.compile(
    r"\b(\d{1,3})\s*(s|sec(?:ond)?s?|segundos?|min(?:ute)?s?|minutos?|h|hours?|horas?)\s*ago\b|"
    r"\bhace\s*(\d{1,3})\s*(s|segundos?|min|minutos?|h|horas?)\b"
)
ZULU = re.compile(r"\b([01]\d|2[0-3]):?([0-5]\d)\s*z(?:ulu)?\b")
HERE = re.compile(
    r"\b(?:my|our) (?:position|location|pos|loc|post)\b|\b(?:over|above|at|on|near) (?:me|us)\b|"
    r"\bhere\b|\boverhead\b|\b(?:mi|nuestra) (?:posicion|ubicacion)\b|\baqui\b|\baca\b|"
    r"\b(?:mi|nuestro) puesto\b|\b(?:encima|arriba|cerca) de (?:mi|nosotros)\b|"
    r"\bsobre (?:mi|nosotros)\b"
)
