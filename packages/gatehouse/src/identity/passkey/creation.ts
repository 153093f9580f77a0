import type { Ceremony, Passkey } from "../../oauth/records.ts";
import type { SecretHash, Subject } from "../../oauth/values.ts";
import { beginCeremony, challengeLifetime, endCeremony } from "./ceremonies.ts";
import { PasskeyRefusal, readClientData, readRegistration } from "./client-data.ts";
import { type RelyingParty, rpIdOf } from "./relying-party.ts";
import { algorithms, verifyRegistration } from "./verification.ts";

type Purpose = Extract<Ceremony["purpose"], "register" | "add">;

/** Characters of what a person calls a passkey. */
const maxNameLength = 60;

/** For whom a passkey is made. */
interface Owner {
  readonly subject: Subject;
  readonly userHandle: string;
  readonly email: string;
  readonly groups: readonly string[];
}

/**
 * What the page's script hands to `navigator.credentials.create`, as JSON: a passkey that a device finds by
 * itself, unlocked by its owner (V65).
 * @param existing those that the device must not have already
 */
export async function creationOptions(
  party: RelyingParty,
  purpose: Purpose,
  bindingHash: SecretHash,
  { subject, userHandle, email }: Omit<Owner, "groups">,
  existing: readonly Pick<Passkey, "id">[] = [],
): Promise<string> {
  const challenge = await beginCeremony(party, { purpose, bindingHash, subject });
  const id = rpIdOf(party.issuer);
  return JSON.stringify({
    challenge,
    rp: { id, name: id },
    user: { id: userHandle, name: email, displayName: email },
    pubKeyCredParams: algorithms.map((alg) => ({ type: "public-key", alg })),
    authenticatorSelection: {
      residentKey: "required",
      requireResidentKey: true,
      userVerification: "required",
    },
    attestation: "none",
    excludeCredentials: existing.map((passkey) => ({ type: "public-key", id: passkey.id })),
    timeout: challengeLifetime * 1000,
  });
}

/**
 * The passkey that the browser made for the challenge of its page; `over` when that challenge is.
 * @param answer as the script sent it
 * @param name what the person calls it
 * @throws PasskeyRefusal
 */
export async function createdPasskey(
  party: RelyingParty,
  purpose: Purpose,
  bindingHash: SecretHash,
  { subject, groups }: Pick<Owner, "subject" | "groups">,
  { answer: text, name = "" }: { readonly answer: string | undefined; readonly name: string | undefined },
): Promise<Passkey | "over"> {
  const answer = readRegistration(text);
  const { challenge } = readClientData(answer.response);
  const ceremony = await endCeremony(party, challenge, purpose, bindingHash);
  if (ceremony === undefined) return "over";
  if (ceremony.subject !== subject) throw new PasskeyRefusal("its challenge was made for somebody else");
  const rpId = rpIdOf(party.issuer);
  const made = await verifyRegistration(answer, { challenge, origin: new URL(party.issuer).origin, rpId });
  return {
    ...made,
    subject,
    rpId,
    name: name.replaceAll(/\p{C}/gu, "").trim().slice(0, maxNameLength).toWellFormed(),
    groups,
    createdAt: party.clock.now(),
    lastUsedAt: undefined,
  };
}
