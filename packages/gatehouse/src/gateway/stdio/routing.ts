import { RefusedCallError } from "../refusal.ts";
import type { EventStream } from "./event-stream.ts";
import { asOneLine } from "./lines.ts";
import { type JsonMessage, memberText, readMessage, sameSpelling } from "./message.ts";
import { createOpenRequests, listMethod, type OpenRequest } from "./open-requests.ts";
import type { OutputLog } from "./output-log.ts";
import type { Asker } from "./reply.ts";
import type { Session } from "./session.ts";
import { type Edit, elementsOf, replaced } from "./spans.ts";

/*
 * Who gets what of one child's output. Everything comes through one pipe: an answer names its request,
 * progress its token, a subscription's notifications the request that opened it. What names nobody goes to
 * nobody, unless the child has one client only (W62).
 */

/** Who is behind a child. */
export interface RoutingKind {
  readonly era: "modern" | "legacy";
  /**
   * `session`: one session of an earlier revision, whose ids are the child's too. `client`: one person's one
   * client, perhaps several times at once. `many`: anybody.
   */
  readonly clients: "session" | "client" | "many";
}

/** The child's side: its input, and whether its output is read. */
export interface RoutedChild {
  send(line: Buffer): boolean;
  pause(): void;
  resume(): void;
}

export interface Routing {
  /**
   * Sends a client's request to the child.
   * @param owner whose it is, where several clients share the child: nobody else can cancel it
   * @throws RefusedCallError when the child does not read what it is sent, or the id is in use
   */
  request(message: JsonMessage, owner: string, reply: Asker): void;
  /** Sends on what a client says without waiting for an answer. */
  forward(message: JsonMessage, owner: string): void;
  /** Asks for the door itself. Rejects with a RefusedCallError. @param params JSON text */
  ask(method: string, params: string): Promise<JsonMessage>;
  /** Sends a notification of the door's own. */
  tell(method: string): void;
  /** Takes a line of the child's output. */
  receive(line: Buffer): void;
  /** The client of this reply has left (W64). */
  leave(reply: Asker): void;
  /** Nothing will be answered any more. */
  failAll(refusal: RefusedCallError): void;
  /** Requests under way whose client still waits, or that began after this; subscriptions do not count. */
  isBusy(since: number): boolean;
  /** Whether the child has ever answered anything. */
  hasAnswered(): boolean;
  /** Sessions whose clients hear of changed lists. */
  readonly sessions: Set<Session>;
}

/** Of requests to a modern child, by its error's code (MCP Streamable HTTP). */
const modernStatuses: Readonly<Record<string, number>> = {
  "-32601": 404,
  "-32021": 400,
  "-32022": 400,
};

const listChanged = /^notifications\/[a-z]+\/list_changed$/;
/** What a client may leave unread where a child is shared, so that nobody else has to wait for it. */
const maxUnreadBytes = 4_000_000;

export function createRouting(
  { era, clients }: RoutingKind,
  child: RoutedChild,
  { now, note }: { now(): number; readonly note: OutputLog },
): Routing {
  const sharesIds = clients === "session";
  const open = createOpenRequests(sharesIds);
  const asked = new Map<string, PromiseWithResolvers<JsonMessage>>();
  const sessions = new Set<Session>();
  let answered = false;
  let slowReaders = 0;

  function send(json: Buffer): void {
    if (!child.send(asOneLine(json))) throw new RefusedCallError(notReading);
  }

  function request(message: JsonMessage, owner: string, reply: Asker): void {
    const { json, spans } = message;
    const { key } = open.enter(message, owner, reply, now());
    const numbered: Edit[] = [
      [spans.id, key],
      [spans["params._meta.progressToken"], key],
    ];
    try {
      send(sharesIds ? json : replaced(json, numbered));
    } catch (error) {
      open.delete(key);
      throw error;
    }
  }

  function forward(message: JsonMessage, owner: string): void {
    if (message.method === "notifications/cancelled" && !sharesIds) {
      const requestId = memberText(message, "params.requestId");
      const cancelled = requestId && open.findOf(owner, sameSpelling(requestId));
      if (!cancelled) return;
      send(replaced(message.json, [[message.spans["params.requestId"], cancelled.key]]));
    } else if (clients !== "many") send(message.json);
  }

  function receive(line: Buffer): void {
    const batch = line[0] === openBracket ? elementsOf(line) : undefined;
    if (batch !== undefined) for (const element of batch) receiveOne(element);
    else receiveOne(line);
  }

  function receiveOne(json: Buffer): void {
    const message = readMessage(json);
    if (message === undefined) note("no message", json);
    else if (!routed(message)) note("for nobody", json);
  }

  function routed(message: JsonMessage): boolean {
    if (message.kind === "response") return routeAnswer(message);
    if (message.kind === "request") return routeRequest(message);
    return routeNotification(message);
  }

  function routeAnswer(message: JsonMessage): boolean {
    answered = true;
    const key = sameSpelling(memberText(message, "id") ?? "null");
    const waiting = asked.get(key);
    if (waiting !== undefined) {
      asked.delete(key);
      waiting.resolve(message);
      return true;
    }
    const request = open.find(key);
    if (request === undefined) return open.wasAsked(key); // nobody waits for it any more
    open.delete(key);
    const { spans, json } = message;
    const code = memberText(message, "error.code");
    const status = (era === "modern" && code !== undefined && modernStatuses[code]) || 200;
    const { sentId } = request;
    const restored: Edit[] = [
      [spans.id, sentId],
      [spans["result._meta.subscriptionId"], sentId],
    ];
    const answer = sharesIds ? json : replaced(json, restored);
    request.reply.answer(answer, status);
    holdBack(request.reply.stream(), answer.length);
    return true;
  }

  function routeRequest(message: JsonMessage): boolean {
    if (era === "modern") return false; // there are none
    if (clients === "session") return toSession(message);
    const id = memberText(message, "id") ?? "null";
    const noSuch = `"error":{"code":-32601,"message":"Method not found"}`;
    const said = message.method === "ping" ? `"result":{}` : noSuch;
    child.send(Buffer.from(`{"jsonrpc":"2.0","id":${id},${said}}`));
    return message.method === "ping";
  }

  function routeNotification(message: JsonMessage): boolean {
    const { method = "", spans } = message;
    const token = memberText(message, "params.progressToken");
    if (method === "notifications/progress" && token !== undefined) {
      const request = open.findByToken(sameSpelling(token));
      const restored: Edit = [spans["params.progressToken"], request?.sentToken];
      return request !== undefined && deliver(request, message, [restored]);
    }
    const subscription = memberText(message, "params._meta.subscriptionId");
    if (subscription !== undefined) {
      const request = open.find(sameSpelling(subscription));
      if (request?.method !== listMethod) return false;
      const { sentId } = request;
      return deliver(request, message, [
        [spans["params._meta.subscriptionId"], sentId],
        [spans["params.requestId"], sentId],
      ]);
    }
    if (era === "modern" && method === "notifications/cancelled") return endSubscription(message);
    if (clients === "session") return toSession(message);
    if (era === "legacy") return listChanged.test(method) && toAll(message);
    if (clients === "many" || listChanged.test(method)) return false;
    const only = open.only();
    return only !== undefined && deliver(only, message);
  }

  /** The child takes a subscription down, which is the one thing that it may cancel. */
  function endSubscription(message: JsonMessage): boolean {
    const id = memberText(message, "params.requestId");
    const request = id === undefined ? undefined : open.find(sameSpelling(id));
    if (request?.method !== listMethod) return false;
    deliver(request, message, [[message.spans["params.requestId"], request.sentId]]);
    open.delete(request.key);
    request.reply.stream()?.end();
    return true;
  }

  function deliver(request: OpenRequest, { json }: JsonMessage, edits: readonly Edit[] = []): boolean {
    const restored = sharesIds ? json : replaced(json, edits);
    if (request.isLeft || !request.reply.deliver(restored)) return false;
    holdBack(request.reply.stream(), restored.length);
    return true;
  }

  /** To the one client there is: on its only request's stream, else on its stream for whatever comes. */
  function toSession(message: JsonMessage): boolean {
    const [session] = sessions;
    const isOfNoRequest = listChanged.test(message.method ?? "") || message.method === resourceUpdated;
    const only = isOfNoRequest ? undefined : open.only();
    if (only !== undefined && deliver(only, message)) return true;
    const stream = session?.send(message.json);
    if (stream === undefined) session?.hold(message.json);
    else holdBack(stream, message.json.length);
    return session !== undefined;
  }

  function toAll({ json }: JsonMessage): boolean {
    for (const session of sessions) holdBack(session.send(json), json.length);
    return true;
  }

  /** A reader that was behind slows its own child, and is let go where the child has others to serve. */
  function holdBack(stream: EventStream | undefined, justSent: number): void {
    const waiting = stream?.waiting() ?? 0;
    if (stream === undefined || waiting <= stream.body.readableHighWaterMark) return;
    if (clients !== "session") {
      if (waiting - justSent > maxUnreadBytes) stream.breakOff();
      return;
    }
    if (slowReaders++ === 0) child.pause();
    stream.onceRead(() => {
      if (--slowReaders === 0) child.resume();
    });
  }

  return {
    sessions,
    request,
    forward,
    receive,
    ask(method, params) {
      const key = String(open.nextNumber());
      const waiting = Promise.withResolvers<JsonMessage>();
      asked.set(key, waiting);
      const sent = `{"jsonrpc":"2.0","id":${key},"method":"${method}","params":${params}}`;
      if (!child.send(asOneLine(Buffer.from(sent)))) waiting.reject(new RefusedCallError(notReading));
      return waiting.promise;
    },
    tell(method) {
      child.send(Buffer.from(`{"jsonrpc":"2.0","method":"${method}"}`));
    },
    leave(reply) {
      for (const request of open.ofReply(reply)) {
        request.isLeft = true;
        if (era === "legacy") continue; // disconnection is no cancellation there
        open.delete(request.key);
        const params = `{"requestId":${request.key},"reason":"The client has gone away."}`;
        child.send(Buffer.from(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":${params}}`));
      }
    },
    failAll(refusal) {
      for (const [reply, requests] of open.takeAll()) {
        const ids = requests.map(({ sentId }) => sentId);
        reply.fail(refusal, ids);
      }
      for (const waiting of asked.values()) waiting.reject(refusal);
      asked.clear();
      for (const session of sessions) session.end();
    },
    isBusy: (since) => asked.size > 0 || open.areWaitedFor(since),
    hasAnswered: () => answered,
  };
}

const openBracket = 0x5b;
const resourceUpdated = "notifications/resources/updated";

const notReading = {
  status: 503,
  code: -32010,
  message: "The MCP server does not take what it is sent.",
  headers: { "Retry-After": "5" },
} as const;
