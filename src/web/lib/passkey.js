// @ts-check
// Passkeys (WebAuthn): the browser's own dialogue, between two requests to the server.
import { change } from './api.js';
import { enter } from './account.js';

/** Whether this browser knows passkeys, with options as JSON (WebAuthn level 3). */
export const knowsPasskeys = () => 'PublicKeyCredential' in globalThis && 'parseCreationOptionsFromJSON' in PublicKeyCredential;

/** Makes one for the account that is signed in. @param {string} label */
export async function addPasskey(label) {
  const { publicKey } = await change('POST', '/api/me/passkeys/begin', {});
  const made = await asked(navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) }));
  await change('POST', '/api/me/passkeys/finish', { credential: made.toJSON(), label });
}

export async function signInWithPasskey() {
  const { publicKey } = await change('POST', '/api/sign-in/passkey/begin', {});
  const shown = await asked(navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) }));
  return enter(await change('POST', '/api/sign-in/passkey/finish', { credential: shown.toJSON() }));
}

/** @param {Promise<Credential | null>} dialogue @returns {Promise<PublicKeyCredential>} */
async function asked(dialogue) {
  try {
    const credential = await dialogue;
    if (credential) return /** @type {PublicKeyCredential} */ (credential);
  } catch {
    // Closed by the person, or by the time.
  }
  throw { kind: 'cancelled' };
}
