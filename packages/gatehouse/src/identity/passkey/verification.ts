import { verifyAuthenticationResponse, verifyRegistrationResponse } from "@simplewebauthn/server";
import { decodeAttestationObject, parseAuthenticatorData } from "@simplewebauthn/server/helpers";
import type { Passkey } from "../../oauth/records.ts";
import {
  type AssertionAnswer,
  checkClientData,
  PasskeyRefusal,
  type RegistrationAnswer,
  readClientData,
} from "./client-data.ts";

/*
 * What an authenticator's answer proves. `@simplewebauthn/server` checks formats, flags and signatures; what
 * it leaves out, or checks in an order that helps a forger, is checked here (V65, V66, V67).
 */

export interface Expected {
  readonly challenge: string;
  readonly origin: string;
  readonly rpId: string;
}

/** COSE: ES256, EdDSA, RS256. */
export const algorithms = [-7, -8, -257];

/** 1,023 bytes (WebAuthn §7.1). */
const maxIdBytes = 1023;

export type NewPasskey = Pick<Passkey, "id" | "publicKey" | "counter" | "backupEligible" | "backedUp">;

/**
 * The passkey that was made. Its maker is of no interest (attestation `none`).
 * @throws PasskeyRefusal
 */
export async function verifyRegistration(
  answer: RegistrationAnswer,
  { challenge, origin, rpId }: Expected,
): Promise<NewPasskey> {
  checkClientData(readClientData(answer.response), { type: "webauthn.create", origin });
  refuseCertificates(answer.response.attestationObject);
  const { registrationInfo } = await refusing(() =>
    verifyRegistrationResponse({
      response: { ...answer, clientExtensionResults: {} },
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: rpId,
      requireUserVerification: true,
      supportedAlgorithmIDs: algorithms,
    }),
  );
  if (registrationInfo === undefined) throw new PasskeyRefusal("its attestation proves nothing");
  const { credential, credentialDeviceType, credentialBackedUp } = registrationInfo;
  if (credential.id !== answer.id) throw new PasskeyRefusal("the credential's id is another than it says");
  if (Buffer.from(credential.id, "base64url").length > maxIdBytes) {
    throw new PasskeyRefusal("the credential's id is too long");
  }
  return {
    id: credential.id,
    publicKey: Buffer.from(credential.publicKey).toString("base64url"),
    counter: credential.counter,
    backupEligible: credentialDeviceType === "multiDevice",
    backedUp: credentialBackedUp,
  };
}

/**
 * We ask for no attestation, and take none but an authenticator's own. To check one with certificates the
 * library would fetch revocation lists from addresses that whoever sends it chooses.
 */
function refuseCertificates(attestationObject: string): void {
  const bytes = Uint8Array.from(Buffer.from(attestationObject, "base64url"));
  const { format, certificates } = refusingSync(() => {
    const decoded = decodeAttestationObject(bytes);
    return { format: decoded.get("fmt"), certificates: decoded.get("attStmt").get("x5c") };
  });
  if (format === "none" || (format === "packed" && certificates === undefined)) return;
  throw new PasskeyRefusal("it comes with an attestation that nobody asked for");
}

/** What an authenticator says of itself when it signs. */
export interface Signed {
  readonly counter: number;
  readonly backedUp: boolean;
}

/**
 * That this passkey signed, with a signature that is right; whether its counter may be what it is, is for the
 * caller to say afterwards. So a wrong signature with a low counter looks like any other wrong one.
 * @param userHandle of the person who has this passkey
 * @throws PasskeyRefusal
 */
export async function verifyAssertion(
  answer: AssertionAnswer,
  passkey: Passkey,
  userHandle: string,
  { challenge, origin, rpId }: Expected,
): Promise<Signed> {
  if (answer.response.userHandle !== userHandle) {
    throw new PasskeyRefusal(
      answer.response.userHandle === undefined
        ? "it names no person"
        : "it names another person than the one who has this passkey",
    );
  }
  checkClientData(readClientData(answer.response), { type: "webauthn.get", origin });
  const publicKey = Uint8Array.from(Buffer.from(passkey.publicKey, "base64url"));
  const { verified } = await refusing(() =>
    verifyAuthenticationResponse({
      response: { ...answer, response: { ...answer.response, userHandle }, clientExtensionResults: {} },
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: rpId,
      requireUserVerification: true,
      // It would compare the counter before it looks at the signature; 0 lets every one pass.
      credential: { id: passkey.id, publicKey, counter: 0 },
    }),
  );
  if (!verified) throw new PasskeyRefusal("its signature is wrong");
  const data = Uint8Array.from(Buffer.from(answer.response.authenticatorData, "base64url"));
  const { flags, counter } = refusingSync(() => parseAuthenticatorData(data));
  if (flags.be !== passkey.backupEligible) {
    throw new PasskeyRefusal("whether it can be synchronised has changed, which cannot be");
  }
  return { counter, backedUp: flags.bs };
}

/** What the library throws says what was wrong, and may quote the answer: the log makes it harmless. */
async function refusing<T>(verify: () => Promise<T>): Promise<T> {
  try {
    return await verify();
  } catch (error) {
    throw new PasskeyRefusal(error instanceof Error ? error.message : String(error));
  }
}

function refusingSync<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new PasskeyRefusal(error instanceof Error ? error.message : String(error));
  }
}
