import {
  type AuditBody,
  actorOf,
  mentionOf,
  outcomeOf,
  type SealedRecord,
} from "../../oauth/audit-record.ts";
import { oneLine } from "../../oauth/harmless.ts";
import type { AuditEvent } from "../../oauth/ports.ts";
import type { AuditAddress } from "../../oauth/store/audit.ts";

/** What is written of an event, before it has its place in a chain. */
export type UnplacedRecord = Omit<SealedRecord, "chain" | "sequence" | "mac">;
export type MentionedAddress = Pick<AuditAddress, "id" | "subject" | "address" | "salt">;

export interface RecordOptions {
  readonly instance: string;
  /** Takes out of a text what looks like a credential. */
  readonly withoutSecrets: (text: string) => string;
  /** A fresh id for an address, which vouches for it together with its salt. */
  readonly mention: (address: string) => { readonly id: string; readonly salt: string };
}

/** What looks like an address of a person, also as it stands in a URL. */
const email = /[^\s"'<>(),:;=&?#/\\[\]]+(?:@|%40)[^\s"'<>(),:;=&?#/\\[\]@]+/gi;

/** Words of ours with what they quote; and the heads of several chains. */
const lengths: Readonly<Record<string, number>> = { detail: 1000, heads: 10_000, command: 1000 };

/**
 * What the audit trail has of an event: harmless text, cut, without credentials, and without the address of
 * anybody, which stands apart so that it can be removed with the person (Z19).
 */
export function toRecord(
  event: AuditEvent,
  time: number,
  options: RecordOptions,
): { readonly record: UnplacedRecord; readonly mentions: readonly MentionedAddress[] } {
  const mentions: MentionedAddress[] = [];
  const { subject, name } = event;
  const mention = (address: string) => {
    // Of somebody who was just removed nothing is to be written down anew.
    if (name === "person_removed") return "[removed]";
    const known = mentions.find((each) => each.address === address);
    if (known !== undefined) return mentionOf(known.id);
    const made = options.mention(address);
    mentions.push({ ...made, subject, address });
    return mentionOf(made.id);
  };
  const clean = (text: string, maxLength?: number) => options.withoutSecrets(oneLine(text, maxLength));
  // Secrets are taken out of the whole body at once: to look for them in each of its texts takes longest.
  const apart = (text: string, maxLength?: number) => {
    const harmless = oneLine(text, maxLength);
    if (!harmless.includes("@") && !harmless.includes("%40")) return harmless;
    return options.withoutSecrets(harmless).replace(email, mention);
  };
  const own = (text: string | undefined) => (text === undefined ? undefined : oneLine(text, 500));
  const strangers = (text: string | undefined) => (text === undefined ? undefined : clean(text, 500));

  const facts: Record<string, string | number | boolean> = {};
  const { attempt, provider, redirectUri, scope, terms, error, count, detail, call, account, cause } = event;
  for (const [fact, value] of Object.entries({
    attempt,
    provider,
    redirectUri,
    scope,
    terms,
    error,
    detail,
  })) {
    if (value !== undefined) facts[fact] = apart(value, lengths[fact]);
  }
  if (count !== undefined) facts.count = count;
  if (account !== undefined) facts.account = mention(clean(account));
  if (event.heads !== undefined) facts.heads = oneLine(event.heads, lengths.heads);
  if (cause !== undefined) facts.cause = apart(cause instanceof Error ? cause.message : String(cause));
  if (call !== undefined) {
    const { server, tool, outcome, status, milliseconds, session } = call;
    Object.assign(facts, { server, tool: apart(tool), result: outcome, milliseconds });
    if (status !== undefined) facts.status = status;
    if (session !== undefined) facts.session = session;
    for (const [argument, value] of Object.entries(call.arguments ?? {}))
      facts[`argument ${oneLine(argument, 100)}`] = apart(value);
  }
  const { kind, id, how, command } = actorOf(event);
  const body: AuditBody = {
    actor: {
      kind,
      id: id === undefined ? undefined : apart(id),
      ...(how !== undefined && { how: apart(how) }),
      ...(command !== undefined && { command: apart(command, lengths.command) }),
    },
    reason: event.reason === undefined ? undefined : apart(event.reason),
    userAgent: event.userAgent === undefined ? undefined : apart(event.userAgent),
    instance: options.instance,
    facts,
  };
  return {
    record: {
      time,
      name,
      outcome: outcomeOf(event),
      subject: own(subject),
      client: strangers(event.client),
      resource: strangers(event.resource),
      grant: own(event.grant),
      address: own(event.address),
      // Of the server's own doing there is none.
      reference: event.request === "-" || event.request === "" ? undefined : oneLine(event.request),
      body: options.withoutSecrets(JSON.stringify(body)),
    },
    mentions,
  };
}
