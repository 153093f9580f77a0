import type { BackendAnswer, Call, HeaderFields } from "../call.ts";
import { errorCodes, RefusedCallError } from "../refusal.ts";
import type { ChildNeed, Children } from "./children.ts";
import { memberText } from "./message.ts";
import { needOf, type Per } from "./need.ts";
import { exchange, messagesOf } from "./post.ts";
import { cannotStart, type RunningChild } from "./running-child.ts";
import type { Timers } from "./timers.ts";

/** Answers requests of 2026-07-28 and later, each of which stands alone. */
export type ModernCalls = (call: Call, fields: HeaderFields) => Promise<BackendAnswer>;

/** How long a command that turned out to know earlier revisions only is not started to ask it again. */
const knownMs = 600_000;
/** The same for one that said nothing clear, and may have failed for another reason. */
const doubtedMs = 60_000;
const internalError = "-32603";

const discover = JSON.stringify({
  _meta: {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": { name: "gatehouse", version: "1" },
    "io.modelcontextprotocol/clientCapabilities": {},
  },
});

/** What only a server of the newest revision says of a request it refuses. */
const modernErrors = new Set(["-32020", "-32021", "-32022"]);

export function createModernCalls(per: Per, children: Children, timers: Timers): ModernCalls {
  const eras = new WeakMap<RunningChild, Promise<boolean>>();
  let legacyUntil = Number.NEGATIVE_INFINITY;

  /** Asks a child what a client would ask it first (MCP stdio, Backward Compatibility). */
  async function speaksModern(child: RunningChild): Promise<boolean> {
    child.isOnTrial = true;
    try {
      const answer = await child.routing.ask("server/discover", discover);
      const code = memberText(answer, "error.code");
      const isModern = answer.spans.error === undefined || modernErrors.has(code ?? "");
      if (!isModern) legacyUntil = timers.now() + (code === internalError ? doubtedMs : knownMs);
      return isModern;
    } catch (error) {
      if (!(error instanceof RefusedCallError) || error.refused === cannotStart) throw error;
      // Programs of an earlier revision end, or say nothing at all, when initialize does not come first.
      legacyUntil = timers.now() + doubtedMs;
      return false;
    } finally {
      child.isOnTrial = false;
    }
  }

  return async (call, fields) => {
    if (call.request.method !== "POST") throw new RefusedCallError(postOnly);
    const messages = messagesOf(call);
    if (legacyUntil > timers.now()) throw new RefusedCallError(legacyOnly);
    const child = await children.obtain(needOf(call, per, ownChild(call), fields));
    let isModern = eras.get(child);
    if (isModern === undefined) {
      isModern = speaksModern(child);
      eras.set(child, isModern);
    }
    if (!(await isModern)) {
      void child.stop();
      throw new RefusedCallError(legacyOnly);
    }
    call.signal.throwIfAborted();
    return exchange(child, call, messages, ownerOf(call), timers);
  };
}

const ownerOf = ({ bearer }: Call) => JSON.stringify([bearer.subject, bearer.clientId]);

function ownChild(call: Call): Pick<ChildNeed, "key" | "audience" | "kind"> {
  return { key: `modern ${ownerOf(call)}`, audience: "client", kind: { era: "modern", clients: "client" } };
}

const postOnly = {
  status: 405,
  code: errorCodes.invalidRequest,
  message: "There are no streams and sessions in this revision of the protocol.",
  headers: { Allow: "POST" },
} as const;

/** Its body is none of the errors of the newest revision, so that clients of both go on with `initialize`. */
const legacyOnly = {
  status: 400,
  code: errorCodes.invalidRequest,
  message: "The MCP server knows revisions up to 2025-11-25 only: begin with initialize.",
} as const;
