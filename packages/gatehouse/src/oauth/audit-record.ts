import { type ActorKind, type AuditEventName, type AuditOutcome, meaningOf } from "./audit-events.ts";

/** Who did something. */
export interface Actor {
  readonly kind: ActorKind;
  /** Of a person the subject, of a client its id, of an operator the account; `undefined`: not known. */
  readonly id: string | undefined;
  /** How it is known, of an operator: e.g. the account's host, `unverified`. */
  readonly how?: string;
  /** Of an operator: the command, with secrets elided. */
  readonly command?: string;
}

/** What an event says of how it ended and of whom. */
interface Told {
  readonly name: AuditEventName;
  readonly actor?: Actor | undefined;
  readonly outcome?: AuditOutcome | undefined;
  readonly subject?: string | undefined;
  readonly client?: string | undefined;
  /** Of a tool's call: how that ended. */
  readonly call?: { readonly outcome: string } | undefined;
}

/** Who acts in an event: whom it says, or else the one whose doing such an event is. */
export function actorOf({ name, actor, subject, client }: Told): Actor {
  if (actor !== undefined) return actor;
  const kind = meaningOf(name).actor;
  return { kind, id: kind === "person" ? subject : kind === "client" ? client : undefined };
}

/** How it ended: as the event says, or else as such an event ends. */
export function outcomeOf({ name, outcome, call }: Told): AuditOutcome {
  if (outcome !== undefined) return outcome;
  // Of an answer that was not read nobody knows more than that it came.
  if (call === undefined || call.outcome === "ok" || call.outcome === "unread")
    return meaningOf(name).outcome;
  return call.outcome === "denied" ? "refused" : "failure";
}

/** An event as the audit trail has it. What is left out is not known, or does not apply. */
export interface AuditRecord {
  /** `<chain>-<sequence>`. */
  readonly id: string;
  /** 12 characters, one a process that writes. */
  readonly chain: string;
  /** From 1, without a gap. */
  readonly sequence: number;
  /** Milliseconds since 1970; in a chain it never goes back. */
  readonly time: number;
  /** Of {@link AuditEventName}, or of a newer version's. */
  readonly name: string;
  readonly outcome: AuditOutcome;
  readonly reason?: string | undefined;
  readonly actor: Actor;
  readonly subject?: string | undefined;
  readonly client?: string | undefined;
  readonly resource?: string | undefined;
  readonly grant?: string | undefined;
  /** Where the request came from. */
  readonly address?: string | undefined;
  readonly userAgent?: string | undefined;
  /** The process that wrote it. */
  readonly instance: string;
  readonly reference?: string | undefined;
  /** Whatever else there is to say: harmless, and cut. */
  readonly facts: Readonly<Record<string, string | number | boolean>>;
}

/** What can be searched for, beside the time. */
export const auditColumns = [
  "name",
  "subject",
  "client",
  "resource",
  "grant",
  "address",
  "reference",
] as const satisfies readonly (keyof AuditRecord)[];

/**
 * A record as it is stored: what can be searched for stands by itself, the rest is JSON, and the MAC is over
 * all of it and the record before. The addresses of people stand in `body` as `{address:…}` only.
 */
export interface SealedRecord
  extends Pick<AuditRecord, "chain" | "sequence" | "time" | "outcome" | (typeof auditColumns)[number]> {
  readonly body: string;
  readonly mac: string;
}

/** What is written of an event, before it has its place in a chain. */
export type UnplacedRecord = Omit<SealedRecord, "chain" | "sequence" | "time" | "mac">;

/** What of a record stands in its body. */
export type AuditBody = Pick<AuditRecord, "actor" | "reason" | "userAgent" | "instance" | "facts">;

const mention = /\{address:([A-Za-z0-9_-]{16})\}/g;

/** How an address of somebody stands in a body. */
export const mentionOf = (id: string): string => `{address:${id}}`;

/** The addresses that a body mentions, by their ids. */
export function mentionedIn(body: string): string[] {
  return body.includes("{address:") ? Array.from(body.matchAll(mention), ([, id = ""]) => id) : [];
}

/**
 * A record as people read it.
 * @param addressOf an address by its id; `undefined`: it was removed with its person
 */
export function readRecord(sealed: SealedRecord, addressOf: (id: string) => string | undefined): AuditRecord {
  const { body, mac: _mac, ...columns } = sealed;
  const shown = body.includes("{address:")
    ? body.replace(mention, (_whole, id: string) => JSON.stringify(addressOf(id) ?? "[removed]").slice(1, -1))
    : body;
  return { id: `${sealed.chain}-${sealed.sequence}`, ...columns, ...(JSON.parse(shown) as AuditBody) };
}

/** What a row and its place in the index take beside its text. */
const overhead = 150;

/** What records take, about. */
export function auditBytes(records: readonly SealedRecord[]): number {
  let bytes = overhead * records.length;
  for (const { subject, client, resource, grant, address, body } of records)
    bytes +=
      body.length +
      lengthOf(subject) +
      lengthOf(client) +
      lengthOf(resource) +
      lengthOf(grant) +
      lengthOf(address);
  return bytes;
}

const lengthOf = (text: string | undefined) => text?.length ?? 0;
