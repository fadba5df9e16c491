// WebAuthn's JSON <-> what the browser's credentials want. toJSON() is missing in older browsers.

import { base64url } from "./session.mjs";

/** Whether a passkey can be used here: WebAuthn wants a name, not a bare address. */
export const passkeysHere = () =>
  Boolean(globalThis.PublicKeyCredential) && !/^[\d.:[\]]+$/.test(location.hostname);

/** base64url -> bytes. @param {string} text */
export function bytesOf(text) {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

/** Asks the authenticator for an answer to a sign-in. @param {any} options */
export async function usePasskey(options) {
  const publicKey = { ...options, challenge: bytesOf(options.challenge), allowCredentials: [] };
  const given = /** @type {PublicKeyCredential} */ (await navigator.credentials.get({ publicKey }));
  const response = /** @type {AuthenticatorAssertionResponse} */ (given.response);
  return asJson(given, {
    authenticatorData: base64url(response.authenticatorData),
    signature: base64url(response.signature),
    userHandle: response.userHandle ? base64url(response.userHandle) : null,
  });
}

/** Makes a new one for the person of this session. @param {any} options */
export async function makePasskey(options) {
  const known = (options.excludeCredentials ?? []).map((/** @type {any} */ one) => ({ ...one, id: bytesOf(one.id) }));
  const publicKey = {
    ...options,
    challenge: bytesOf(options.challenge),
    user: { ...options.user, id: bytesOf(options.user.id) },
    excludeCredentials: known,
  };
  const made = /** @type {PublicKeyCredential} */ (await navigator.credentials.create({ publicKey }));
  const response = /** @type {AuthenticatorAttestationResponse} */ (made.response);
  return asJson(made, { attestationObject: base64url(response.attestationObject) });
}

/** @param {PublicKeyCredential} given @param {Record<string, string | null>} more */
function asJson(given, more) {
  const response = { clientDataJSON: base64url(given.response.clientDataJSON), ...more };
  return { id: given.id, rawId: base64url(given.rawId), type: given.type, response };
}
