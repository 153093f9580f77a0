import { createHash } from "node:crypto";
import type { Bearer } from "../../oauth/grants/bearer.ts";
import type { Events } from "../../oauth/ports.ts";
import type { Asked, Message } from "../messages/asked.ts";
import type { ProtectedServer } from "../protected-server.ts";
import type { AnswerObserver, RelayEnd } from "../relay/rewriter.ts";
import { type CallOutcome, OutcomeReader } from "./outcome.ts";

/** Whose request it is, and where it came from. */
export interface AuditedRequest {
  /** Its reference. */
  readonly id: string;
  readonly address: string;
  readonly userAgent: string | undefined;
  readonly bearer: Bearer;
}

/** The tools that one request calls, until it is known what became of them. */
export interface AuditedCall {
  readonly observer: AnswerObserver;
  /** @param session the server's own id of it */
  finished(end: RelayEnd, session: string | undefined): void;
  /** @param status that it was answered with in the place of the server */
  refused(status: number): void;
  /** The client went away before there was an answer. */
  cancelled(): void;
}

/**
 * One event for each tool that is called (W68): who, through which client, which tool, and what became of
 * it. Arguments and results are never among it, except the arguments that the operator lists.
 */
export function createCallAudit(server: ProtectedServer, events: Events) {
  /** `undefined` where no tool is called. */
  return (asked: Asked, request: AuditedRequest): AuditedCall | undefined => {
    if (!asked.messages.some(isToolCall)) return undefined;
    const calls = asked.messages.filter(isToolCall);
    const reader = new OutcomeReader(calls.map(({ id }) => id));
    const begun = performance.now();
    const listedOf = (tool: string) =>
      Object.hasOwn(server.auditedArguments, tool) ? server.auditedArguments[tool] : undefined;
    const tell = (message: Message, outcome: CallOutcome, status: number | undefined, session?: string) => {
      const { bearer } = request;
      const tool = message.targets[0]?.name ?? "";
      events.emit({
        name: "tool_called",
        request: request.id,
        attempt: bearer.reference,
        client: bearer.clientId,
        subject: bearer.subject,
        grant: bearer.grantId,
        resource: server.address,
        address: request.address,
        userAgent: request.userAgent,
        call: {
          server: server.name,
          tool,
          outcome,
          status,
          milliseconds: Math.round(performance.now() - begun),
          session: session === undefined ? undefined : shortHash(session),
          arguments: listedArguments(listedOf(tool), message.arguments),
        },
      });
    };
    return {
      observer: reader,
      finished(end, session) {
        for (const message of calls) tell(message, reader.outcomeOf(message.id, end), reader.status, session);
      },
      refused(status) {
        for (const message of calls) tell(message, outcomeOfRefusal(status), status);
      },
      cancelled() {
        for (const message of calls) tell(message, "cancelled", undefined);
      },
    };
  };
}

const isToolCall = ({ method }: Message) => method === "tools/call";

function outcomeOfRefusal(status: number): CallOutcome {
  if (status === 403 || status === 429) return "denied";
  return status === 504 ? "timeout" : "error";
}

/** By which the calls of one session are found together, and with which nobody goes on with it. */
function shortHash(session: string): string {
  return createHash("sha256").update(session).digest("base64url").slice(0, 12);
}

/** Characters of an argument that are kept. */
const maxArgumentLength = 200;

function listedArguments(
  listed: readonly string[] | undefined,
  sent: Buffer | undefined,
): Record<string, string> | undefined {
  if (listed === undefined || sent === undefined) return undefined;
  const all = JSON.parse(sent.toString()) as unknown; // it was read as JSON before
  if (typeof all !== "object" || all === null) return undefined;
  const kept = Object.entries(all).filter(([name]) => listed.includes(name));
  return Object.fromEntries(
    kept.map(([name, value]) => {
      const text = typeof value === "string" ? value : JSON.stringify(value);
      return [name, text.slice(0, maxArgumentLength)];
    }),
  );
}
