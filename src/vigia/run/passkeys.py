"""WebAuthn's messages -> what is kept of a passkey. Loaded when the first passkey is used."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from vigia.run.accounts import Passkey


class Where(NamedTuple):
    """site: the name a passkey is bound to; origin: of the page that asks."""

    site: str
    origin: str


def registration(
    where: Where, challenge: bytes, person_id: str, name: str, held: list[Passkey]
) -> bytes:
    """Options for navigator.credentials.create, as WebAuthn's JSON."""
    options = generate_registration_options(
        rp_id=where.site,
        rp_name="vigia",
        user_name=name,
        user_id=person_id.encode()[:64],
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=p.credential_id) for p in held],
    )
    return options_to_json(options).encode()


def registered(
    where: Where, challenge: bytes, credential: dict[str, Any], person_id: str, name: str
) -> Passkey:
    """Raises ValueError."""
    try:
        made = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=where.site,
            expected_origin=where.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, KeyError, TypeError) as e:
        raise ValueError(str(e)) from e
    return Passkey(made.credential_id, person_id, made.credential_public_key, made.sign_count, name)


def request(where: Where, challenge: bytes) -> bytes:
    """Options for navigator.credentials.get: whoever holds a passkey of this site."""
    options = generate_authentication_options(
        rp_id=where.site,
        challenge=challenge,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options).encode()


def answered(where: Where, challenge: bytes, credential: dict[str, Any], known: Passkey) -> int:
    """The authenticator's new count. Raises ValueError."""
    try:
        return verify_authentication_response(
            credential=json.dumps(credential),
            expected_challenge=challenge,
            expected_rp_id=where.site,
            expected_origin=where.origin,
            credential_public_key=known.public_key,
            credential_current_sign_count=known.sign_count,
            require_user_verification=True,
        ).new_sign_count
    except (WebAuthnException, KeyError, TypeError) as e:
        raise ValueError(str(e)) from e
