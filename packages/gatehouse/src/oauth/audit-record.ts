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
