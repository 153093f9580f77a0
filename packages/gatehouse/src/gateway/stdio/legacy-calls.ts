import { randomBytes } from "node:crypto";
import type { BackendAnswer, Call, HeaderFields } from "../call.ts";
import { errorCodes, RefusedCallError } from "../refusal.ts";
import type { ChildNeed, Children } from "./children.ts";
import { type JsonMessage, memberText, readMessage } from "./message.ts";
import { needOf, type Per } from "./need.ts";
import { acceptedOf, exchange, messagesOf } from "./post.ts";
import { acceptedBy, createReply, emptyAnswer } from "./reply.ts";
import type { RunningChild } from "./running-child.ts";
import { createSession, type Session } from "./session.ts";
import { replaced } from "./spans.ts";
import type { Timers } from "./timers.ts";

/** Answers requests of 2025-11-25 and before: sessions, with their streams. */
export type LegacyCalls = (call: Call, fields: HeaderFields) => Promise<BackendAnswer>;

interface OpenSession {
  readonly session: Session;
  readonly child: RunningChild;
}

/** Sessions that one person has on children that are shared; the ones not used for the longest time end. */
const maxSessionsPerPerson = 100;

export function createLegacyCalls(per: Per, idleMs: number, children: Children, timers: Timers): LegacyCalls {
  const sessions = new Map<string, OpenSession>();
  const handshakes = new WeakMap<RunningChild, Promise<JsonMessage>>();

  async function initialize(call: Call, message: JsonMessage, fields: HeaderFields): Promise<BackendAnswer> {
    const accepted = acceptedOf(call);
    const { subject, clientId } = call.bearer;
    const id = randomBytes(16).toString("base64url");
    const child = await children.obtain(needOf(call, per, ownChild(id), fields));
    child.use();
    const session = createSession({ id, subject, clientId, lastUsed: timers.now() });
    const reply = createReply(accepted, 1, () => undefined);
    child.routing.sessions.add(session);
    let answer: JsonMessage;
    try {
      answer = per === "session" ? await askAsSent(child, call, message) : await askOnce(child, message);
      call.signal.throwIfAborted();
    } catch (error) {
      child.routing.sessions.delete(session);
      if (per === "session") void child.stop();
      throw error;
    }
    reply.answer(answer.json, 200);
    const begun = await reply.begun;
    if (answer.spans.error !== undefined) {
      child.routing.sessions.delete(session);
      if (per === "session") void child.stop();
      return begun;
    }
    keep({ session, child });
    return { ...begun, fields: [...begun.fields, "Mcp-Session-Id", id] };
  }

  /** The child of one session is asked in the very words of its client. */
  function askAsSent(
    { routing }: RunningChild,
    { signal }: Call,
    message: JsonMessage,
  ): Promise<JsonMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<JsonMessage>();
    const left = () => reject(signal.reason);
    signal.addEventListener("abort", left, { once: true });
    routing.request(message, "", {
      deliver: () => false, // comes with the stream that the client opens next
      answer: (json) => resolve(readMessage(json) as JsonMessage),
      fail: reject,
      stream: () => undefined,
    });
    return promise.finally(() => signal.removeEventListener("abort", left));
  }

  /** A shared child is initialized once, by the door, and told of nothing that a client could do for it. */
  async function askOnce(child: RunningChild, message: JsonMessage): Promise<JsonMessage> {
    const version = revisionOf(message);
    let handshake = handshakes.get(child);
    if (handshake === undefined) {
      handshake = shakeHands(child, version);
      handshakes.set(child, handshake);
    }
    const answer = await handshake;
    const spoken = memberText(answer, "result.protocolVersion");
    // Revisions are dates: whoever asks for an earlier one than the child speaks gets what it asked for.
    const isEarlier = spoken !== undefined && version < spoken;
    const json = replaced(answer.json, [
      [answer.spans.id, memberText(message, "id")],
      [answer.spans["result.protocolVersion"], isEarlier ? version : spoken],
    ]);
    return { ...answer, json };
  }

  async function shakeHands(child: RunningChild, version: string): Promise<JsonMessage> {
    const clientInfo = `{"name":"gatehouse","version":"1"}`;
    const params = `{"protocolVersion":${version},"capabilities":{},"clientInfo":${clientInfo}}`;
    const answer = await child.routing.ask("initialize", params);
    if (answer.spans.error === undefined) child.routing.tell("notifications/initialized");
    else void child.stop();
    return answer;
  }

  function keep(open: OpenSession): void {
    const { session, child } = open;
    const ofPerson: OpenSession[] = [];
    for (const each of sessions.values()) {
      if (each.child.hasEnded() || timers.now() - each.session.lastUsed > idleMs) end(each);
      else if (each.session.subject === session.subject) ofPerson.push(each);
    }
    // Used ones are moved to the end of the map.
    const [oldest] = ofPerson;
    if (ofPerson.length >= maxSessionsPerPerson && oldest !== undefined) end(oldest);
    if (child.hasEnded()) throw new RefusedCallError(noSuchSession);
    sessions.set(session.id, open);
  }

  function end({ session, child }: OpenSession): void {
    sessions.delete(session.id);
    child.routing.sessions.delete(session);
    session.end();
    if (per === "session") void child.stop();
  }

  /** The caller's own session. The door has judged whose it is; here nobody gets past it either. */
  function sessionOf({ bearer }: Call, id: string): OpenSession {
    const open = sessions.get(id);
    const isOwn = open?.session.subject === bearer.subject && open.session.clientId === bearer.clientId;
    if (open === undefined || !isOwn || open.child.hasEnded()) throw new RefusedCallError(noSuchSession);
    open.session.lastUsed = timers.now();
    sessions.delete(id);
    sessions.set(id, open);
    return open;
  }

  function listen(call: Call, { session, child }: OpenSession): BackendAnswer {
    if (!acceptedBy(call.request.headers.accept).events) throw new RefusedCallError(eventsOnly);
    child.use();
    const stream = session.listen(() => call.signal.removeEventListener("abort", left));
    const left = () => stream.breakOff();
    call.signal.addEventListener("abort", left, { once: true });
    return { status: 200, fields: ["Content-Type", "text/event-stream"], body: stream.body };
  }

  return async (call, fields) => {
    const { session: id, request } = call;
    const { method } = request;
    if (method === "POST") {
      const messages = messagesOf(call);
      const [first] = messages;
      if (first?.method === "initialize" && first.kind === "request" && messages.length === 1) {
        return initialize(call, first, fields);
      }
      if (messages.some(({ method }) => method === "initialize")) throw new RefusedCallError(notAlone);
      if (id === undefined) throw new RefusedCallError(sessionNeeded);
      const { child } = sessionOf(call, id);
      return exchange(child, call, messages, id, timers);
    }
    if (id === undefined) throw new RefusedCallError(sessionNeeded);
    const open = sessionOf(call, id);
    if (method === "GET") return listen(call, open);
    if (method !== "DELETE") throw new RefusedCallError(noSuchMethod);
    end(open);
    return emptyAnswer(200);
  };
}

/** As JSON text. Only what is one goes to a child that others share: nobody puts own words there. */
function revisionOf(message: JsonMessage): string {
  const asked = memberText(message, "params.protocolVersion") ?? "";
  return /^"[\w.-]{1,32}"$/.test(asked) ? asked : `"2025-03-26"`;
}

function ownChild(session: string): Pick<ChildNeed, "key" | "audience" | "kind"> {
  return { key: `session ${session}`, audience: "session", kind: { era: "legacy", clients: "session" } };
}

const noSuchSession = {
  status: 404,
  code: errorCodes.noSuchSession,
  message: "Session not found",
} as const;

const sessionNeeded = {
  status: 400,
  code: errorCodes.invalidRequest,
  message: "The request belongs to no session: send Mcp-Session-Id, or begin with initialize.",
} as const;

const notAlone = {
  status: 400,
  code: errorCodes.invalidRequest,
  message: "Initialize stands alone in its request.",
} as const;

const eventsOnly = {
  status: 406,
  code: errorCodes.invalidRequest,
  message: "The client must accept text/event-stream.",
} as const;

const noSuchMethod = {
  status: 405,
  code: errorCodes.invalidRequest,
  message: "Only POST, GET and DELETE are answered.",
  headers: { Allow: "POST, GET, DELETE" },
} as const;
