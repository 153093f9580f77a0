import { oneLine } from "../oauth/harmless.ts";
import type { KnownAccount, Passkey } from "../oauth/records.ts";
import type { EndedHoldings, Holdings } from "../oauth/store/people.ts";
import { formatInstant } from "../oauth/values.ts";
import type { Shell } from "./shell.ts";
import { formatTable, several } from "./table.ts";

/* How commands show people and what is theirs. Names and addresses come from outside: made harmless. */

/** As a person is called in a sentence. */
export const nameOf = ({ email, upstreamSubject, issuer }: KnownAccount): string =>
  oneLine(email === "" ? `${upstreamSubject} at ${issuer}` : email);

export function describePeople(people: readonly KnownAccount[]): string {
  return formatTable(
    ["E-MAIL", "NAME", "PROVIDER", "LAST SIGN-IN", "BLOCKED SINCE", "SUBJECT", "ISSUER", "THEIR SUB THERE"],
    people.map((person) => [
      person.email,
      person.name ?? "",
      person.provider,
      formatInstant(person.signedInAt),
      person.blockedAt === undefined ? "" : formatInstant(person.blockedAt),
      person.subject,
      person.issuer,
      person.upstreamSubject,
    ]),
  );
}

export function personAsJson(person: KnownAccount): Record<string, unknown> {
  return {
    subject: person.subject,
    email: person.email,
    name: person.name,
    provider: person.provider,
    issuer: person.issuer,
    upstream_subject: person.upstreamSubject,
    // null: there are some, but they could not be had.
    groups: person.groups ?? null,
    created_at: person.createdAt,
    signed_in_at: person.signedInAt,
    confirmed_at: person.confirmedAt,
    blocked_at: person.blockedAt,
  };
}

export function endedAsJson(holdings: Holdings | EndedHoldings): Record<string, unknown> {
  const { sessions, grants, ...codes } = holdings;
  return {
    sessions,
    grants: grants.map(({ id, clientId, resource, scope, createdAt }) => ({
      grant: id,
      client: clientId,
      resource,
      scope,
      created_at: createdAt,
    })),
    ...codes,
  };
}

/** `2 sessions and 1 grant` */
export function counted({ sessions, grants }: Holdings): string {
  return `${several(sessions, "session")} and ${several(grants.length, "grant")}`;
}

/** The same in full, with a line for each grant. */
export function describeHoldings(holdings: Holdings | EndedHoldings | undefined): string {
  if (holdings === undefined) return "nothing";
  const codes = "codes" in holdings ? `, ${several(holdings.codes, "unused code")}` : "";
  const lines = holdings.grants.map(
    ({ clientId, resource = "any resource", createdAt }) =>
      `\n  ${oneLine(clientId)} for ${oneLine(resource)}, since ${formatInstant(createdAt)}`,
  );
  return `${several(holdings.sessions, "session")}${codes}, ${several(holdings.grants.length, "grant")}${lines.join("")}`;
}

/** A line for each passkey of somebody whose account is ours; nothing of others. */
export function describePasskeys(passkeys: readonly Passkey[] = []): string {
  if (passkeys.length === 0) return "";
  const lines = passkeys.map(({ name, createdAt, lastUsedAt, backedUp }) => {
    const kind = backedUp ? "synchronised" : "on one device";
    const facts = `made ${formatInstant(createdAt)}, last used ${formatInstant(lastUsedAt)}, ${kind}`;
    return `\n  ${oneLine(name) || "without a name"}: ${facts}`;
  });
  return `\n${several(passkeys.length, "passkey")}${lines.join("")}`;
}

export function passkeysAsJson(passkeys: readonly Passkey[] = []): Record<string, unknown> {
  return {
    passkeys: passkeys.map(({ id, name, rpId, createdAt, lastUsedAt, backedUp }) => ({
      passkey: id,
      name,
      host: rpId,
      created_at: createdAt,
      last_used_at: lastUsedAt,
      synchronised: backedUp,
    })),
  };
}

/** What ended where nothing else did: somebody is known by nothing but these. */
export const originalTokens = "refresh tokens of the service before Gatehouse";

/** LEGACY: refresh tokens of the service before us that were ended. */
export function printOriginalTokens(shell: Shell, tokens: number): void {
  if (tokens === 0) return;
  shell.complain(`Ended ${several(tokens, "refresh token")} of the service before Gatehouse.`);
}
