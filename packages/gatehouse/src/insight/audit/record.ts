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

/** What events tell as it is, in text. */
const texts = ["attempt", "provider", "redirectUri", "scope", "terms", "error", "detail"] as const;

/**
 * What the audit trail has of an event: harmless text, cut, without credentials, and without the address of
 * anybody, which stands apart so that it can be removed with the person (Z19).
 */
export function toRecord(
  event: AuditEvent,
  time: number,
  options: RecordOptions,
): { readonly record: UnplacedRecord; readonly mentions: readonly MentionedAddress[] } {
  const cleaner = new Cleaner(event, options);
  const body: AuditBody = {
    actor: actorIn(event, cleaner),
    reason: event.reason === undefined ? undefined : cleaner.apart(event.reason),
    userAgent: event.userAgent === undefined ? undefined : cleaner.apart(event.userAgent),
    instance: options.instance,
    facts: factsOf(event, cleaner),
  };
  return {
    record: {
      time,
      name: event.name,
      outcome: outcomeOf(event),
      subject: own(event.subject),
      client: cleaner.strangers(event.client),
      resource: cleaner.strangers(event.resource),
      grant: own(event.grant),
      address: own(event.address),
      // Of the server's own doing there is none.
      reference: event.request === "-" || event.request === "" ? undefined : oneLine(event.request),
      body: options.withoutSecrets(JSON.stringify(body)),
    },
    mentions: cleaner.mentions,
  };
}

function actorIn(event: AuditEvent, cleaner: Cleaner): AuditBody["actor"] {
  const { kind, id, how, command } = actorOf(event);
  return {
    kind,
    id: id === undefined ? undefined : cleaner.apart(id),
    ...(how !== undefined && { how: cleaner.apart(how) }),
    ...(command !== undefined && { command: cleaner.apart(command, lengths.command) }),
  };
}

function factsOf(event: AuditEvent, cleaner: Cleaner): AuditBody["facts"] {
  const facts: Record<string, string | number | boolean> = {};
  for (const fact of texts) {
    const text = event[fact];
    if (text !== undefined) facts[fact] = cleaner.apart(text, lengths[fact]);
  }
  const { count, account, heads, cause, call } = event;
  if (count !== undefined) facts.count = count;
  if (account !== undefined) facts.account = cleaner.mention(cleaner.clean(account));
  if (heads !== undefined) facts.heads = oneLine(heads, lengths.heads);
  if (cause !== undefined)
    facts.cause = cleaner.apart(cause instanceof Error ? cause.message : String(cause));
  if (call === undefined) return facts;
  facts.server = call.server;
  facts.tool = cleaner.apart(call.tool);
  facts.result = call.outcome;
  facts.milliseconds = call.milliseconds;
  if (call.status !== undefined) facts.status = call.status;
  if (call.session !== undefined) facts.session = call.session;
  for (const [argument, value] of Object.entries(call.arguments ?? {}))
    facts[`argument ${oneLine(argument, 100)}`] = cleaner.apart(value);
  return facts;
}

/** Of our own making. */
const own = (text: string | undefined) => (text === undefined ? undefined : oneLine(text, 500));

/** Makes the texts of one event harmless, and takes down whose addresses they mention. */
class Cleaner {
  readonly #event: AuditEvent;
  readonly #options: RecordOptions;
  readonly mentions: MentionedAddress[] = [];

  constructor(event: AuditEvent, options: RecordOptions) {
    this.#event = event;
    this.#options = options;
  }

  clean(text: string, maxLength?: number): string {
    return this.#options.withoutSecrets(oneLine(text, maxLength));
  }

  strangers(text: string | undefined): string | undefined {
    return text === undefined ? undefined : this.clean(text, 500);
  }

  /**
   * The same without addresses. Secrets are taken out of the whole body at once: to look for them in each of
   * its texts takes longest.
   */
  apart(text: string, maxLength?: number): string {
    const harmless = oneLine(text, maxLength);
    if (!harmless.includes("@") && !harmless.includes("%40")) return harmless;
    return this.#options.withoutSecrets(harmless).replace(email, (address) => this.mention(address));
  }

  mention(address: string): string {
    // Of somebody who was just removed nothing is to be written down anew.
    if (this.#event.name === "person_removed") return "[removed]";
    const known = this.mentions.find((each) => each.address === address);
    if (known !== undefined) return mentionOf(known.id);
    const made = this.#options.mention(address);
    this.mentions.push({ ...made, subject: this.#event.subject, address });
    return mentionOf(made.id);
  }
}
