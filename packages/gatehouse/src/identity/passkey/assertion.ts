import { type OAuthRequest, originOf } from "../../oauth/messages/request.ts";
import type { Account, Ceremony, Passkey } from "../../oauth/records.ts";
import type { SecretHash } from "../../oauth/values.ts";
import { beginCeremony, challengeLifetime, endCeremony } from "./ceremonies.ts";
import { PasskeyRefusal, readAssertion, readClientData } from "./client-data.ts";
import { hasPasskeys, type RelyingParty, rpIdOf } from "./relying-party.ts";
import { verifyAssertion } from "./verification.ts";

/** Why somebody who showed a passkey does not get in, as far as they are told. */
export type AssertionProblem = "refused" | "counter" | "over";

type Purpose = Extract<Ceremony["purpose"], "sign-in" | "enter">;

/**
 * What the page's script hands to `navigator.credentials.get`, as JSON: any passkey for this host will do,
 * and says itself whose it is (V66).
 */
export async function requestOptions(
  party: RelyingParty,
  purpose: Purpose,
  bindingHash: SecretHash,
): Promise<string> {
  const challenge = await beginCeremony(party, { purpose, bindingHash, subject: undefined });
  return JSON.stringify({
    challenge,
    rpId: rpIdOf(party.issuer),
    allowCredentials: [],
    userVerification: "required",
    timeout: challengeLifetime * 1000,
  });
}

/**
 * Who signed the challenge of this browser's page. Of what can be wrong the person is told as little as a
 * stranger may know: the log says it.
 */
export async function completeAssertion(
  party: RelyingParty,
  request: OAuthRequest,
  purpose: Purpose,
  bindingHash: SecretHash,
): Promise<{ readonly account: Account } | { readonly problem: AssertionProblem }> {
  try {
    const answer = readAssertion(request.form?.get("answer"));
    const { challenge } = readClientData(answer.response);
    const ceremony = await endCeremony(party, challenge, purpose, bindingHash);
    if (ceremony === undefined) {
      refused(party, request, "its challenge is over, or was another page's");
      return { problem: "over" };
    }
    const found = await party.store.findPasskey(answer.id);
    if (found === undefined || !hasPasskeys(found.account, party.issuer)) {
      throw new PasskeyRefusal("nobody has this passkey");
    }
    const { passkey, account } = found;
    const { issuer } = party;
    const expected = { challenge, origin: new URL(issuer).origin, rpId: rpIdOf(issuer) };
    const signed = await verifyAssertion(answer, passkey, account.upstreamSubject, expected);
    const used = await party.store.usePasskey(passkey.id, { ...signed, at: party.clock.now() });
    if (used) return { account };
    tellOfCounter(party, request, passkey, signed.counter);
    return { problem: "counter" };
  } catch (error) {
    if (!(error instanceof PasskeyRefusal)) throw error;
    refused(party, request, error.message);
    return { problem: "refused" };
  }
}

export function refused({ events }: RelyingParty, request: OAuthRequest, detail: string): void {
  events.emit({
    name: "passkey_refused",
    ...originOf(request),
    detail,
  });
}

/** V67: two authenticators sign with one key, or one has been put back to an earlier state. */
function tellOfCounter(
  { events }: RelyingParty,
  request: OAuthRequest,
  passkey: Passkey,
  counter: number,
): void {
  const detail = `its signature is right, but its counter ${counter} is not above ${passkey.counter}: it may have been copied`;
  events.emit({ name: "passkey_counter", ...originOf(request), subject: passkey.subject, detail });
}
