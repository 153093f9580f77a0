import { actorOf, mentionOf, outcomeOf, type UnplacedRecord } from "../../oauth/audit-record.ts";
import { oneLine } from "../../oauth/harmless.ts";
import { jsonLine, memberOf } from "../../oauth/json-text.ts";
import type { AuditEvent, AuditedToolCall } from "../../oauth/ports.ts";
import type { AuditAddress } from "../../oauth/store/audit.ts";

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
const lengths = { detail: 1000, heads: 10_000, command: 1000 };

/**
 * What the audit trail has of an event: harmless text, cut, without credentials, and without the address of
 * anybody, which stands apart so that it can be removed with the person (Z19).
 */
export function toRecord(
  event: AuditEvent,
  options: RecordOptions,
): { readonly record: UnplacedRecord; readonly mentions: readonly MentionedAddress[] } {
  const cleaner = new Cleaner(event, options);
  return {
    record: {
      name: event.name,
      outcome: outcomeOf(event),
      subject: own(event.subject),
      client: cleaner.strangers(event.client),
      resource: cleaner.strangers(event.resource),
      grant: own(event.grant),
      address: own(event.address),
      // Of the server's own doing there is none.
      reference: event.request === "-" || event.request === "" ? undefined : oneLine(event.request),
      body: options.withoutSecrets(bodyOf(event, options.instance, cleaner)),
    },
    mentions: cleaner.mentions,
  };
}

/** `AuditBody` as JSON, made piece by piece: of the object it takes twice as long, at each request. */
function bodyOf(event: AuditEvent, instance: string, cleaner: Cleaner): string {
  const members =
    `"actor":${actorIn(event, cleaner)}` +
    memberOf("reason", cleaner.json(event.reason)) +
    memberOf("userAgent", cleaner.json(event.userAgent)) +
    memberOf("instance", line(instance));
  return `{${members},"facts":{${factsOf(event, cleaner).slice(1)}}}`;
}

function actorIn(event: AuditEvent, cleaner: Cleaner): string {
  const { kind, id, how, command } = actorOf(event);
  const members =
    memberOf("id", cleaner.json(id)) +
    memberOf("how", cleaner.json(how)) +
    memberOf("command", cleaner.json(command, lengths.command));
  return `{"kind":"${kind}"${members}}`;
}

function factsOf(event: AuditEvent, cleaner: Cleaner): string {
  const { attempt, provider, redirectUri, scope, terms, error, detail } = event;
  const { count, account, heads, cause, call } = event;
  const texts =
    memberOf("attempt", cleaner.json(attempt)) +
    memberOf("provider", cleaner.json(provider)) +
    memberOf("redirectUri", cleaner.json(redirectUri)) +
    memberOf("scope", cleaner.json(scope)) +
    memberOf("terms", cleaner.json(terms)) +
    memberOf("error", cleaner.json(error)) +
    memberOf("detail", cleaner.json(detail, lengths.detail)) +
    memberOf("count", count?.toString());
  if (account === undefined && heads === undefined && cause === undefined && call === undefined) return texts;
  const why = cause instanceof Error ? cause.message : cause === undefined ? undefined : String(cause);
  return (
    texts +
    memberOf("account", line(account && cleaner.mention(cleaner.clean(account)))) +
    memberOf("heads", line(heads, lengths.heads)) +
    memberOf("cause", cleaner.json(why)) +
    (call === undefined ? "" : callFacts(call, cleaner))
  );
}

function callFacts(call: AuditedToolCall, cleaner: Cleaner): string {
  const members =
    memberOf("server", line(call.server)) +
    memberOf("tool", cleaner.json(call.tool)) +
    memberOf("result", line(call.outcome)) +
    memberOf("milliseconds", call.milliseconds.toString()) +
    memberOf("status", call.status?.toString()) +
    memberOf("session", line(call.session));
  const given = Object.entries(call.arguments ?? {}).map(
    ([argument, value]) => `,${JSON.stringify(`argument ${oneLine(argument, 100)}`)}:${cleaner.json(value)}`,
  );
  return members + given.join("");
}

const line = (text: string | undefined, maxLength?: number) =>
  text === undefined ? undefined : jsonLine(text, maxLength);

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
   * The same without addresses, as JSON. Secrets are taken out of the whole body at once: to look for them in
   * each of its texts takes longest.
   */
  json(text: string | undefined, maxLength?: number): string | undefined {
    if (text === undefined) return undefined;
    const line = jsonLine(text, maxLength);
    if (!line.includes("@") && !line.includes("%40")) return line;
    return JSON.stringify(this.clean(text, maxLength).replace(email, (address) => this.mention(address)));
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
