import { RefusedCallError } from "../refusal.ts";
import type { EventStream } from "./event-stream.ts";
import { asOneLine } from "./lines.ts";
import { type JsonMessage, memberText, readMessage, sameSpelling } from "./message.ts";
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

interface OpenRequest {
  /** Where it stands among the open ones: its id for the child, spelled one way. */
  readonly key: string;
  /** As JSON text, as sent. */
  readonly sentId: string;
  readonly sentToken: string | undefined;
  readonly owner: string;
  readonly reply: Asker;
  readonly method: string;
  /** In the timers' milliseconds. */
  readonly askedAt: number;
  /** Its client has left; the request goes on. */
  isLeft: boolean;
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

const listMethod = "subscriptions/listen";
const listChanged = /^notifications\/[a-z]+\/list_changed$/;
/** What a client may leave unread where a child is shared, so that nobody else has to wait for it. */
const maxUnreadBytes = 4_000_000;

export function createRouting(
  { era, clients }: RoutingKind,
  child: RoutedChild,
  { now, note }: { now(): number; readonly note: OutputLog },
): Routing {
  const sharesIds = clients === "session";
  const open = new Map<string, OpenRequest>();
  const asked = new Map<string, PromiseWithResolvers<JsonMessage>>();
  const sessions = new Set<Session>();
  let lastId = 0;
  let answered = false;
  let slowReaders = 0;

  function send(json: Buffer): void {
    if (!child.send(asOneLine(json))) throw new RefusedCallError(notReading);
  }

  function request(message: JsonMessage, owner: string, reply: Asker): void {
    const { json, spans, method = "" } = message;
    const sentId = memberText(message, "id") ?? "null";
    const sentToken = memberText(message, "params._meta.progressToken");
    const number = String(++lastId);
    const key = sharesIds ? sameSpelling(sentId) : number;
    if (open.has(key)) throw new RefusedCallError(idInUse);
    const edits: Edit[] = [
      [spans.id, number],
      [spans["params._meta.progressToken"], number],
    ];
    const sent = sharesIds ? json : replaced(json, edits);
    open.set(key, { key, sentId, sentToken, owner, reply, method, askedAt: now(), isLeft: false });
    try {
      send(sent);
    } catch (error) {
      open.delete(key);
      throw error;
    }
  }

  function forward(message: JsonMessage, owner: string): void {
    if (message.method === "notifications/cancelled" && !sharesIds) {
      const requestId = memberText(message, "params.requestId");
      const cancelled = requestId && openOf(owner, sameSpelling(requestId));
      if (!cancelled) return;
      send(replaced(message.json, [[message.spans["params.requestId"], cancelled.key]]));
    } else if (clients !== "many") send(message.json);
  }

  function openOf(owner: string, id: string): OpenRequest | undefined {
    for (const each of open.values()) {
      if (each.owner === owner && sameSpelling(each.sentId) === id) return each;
    }
    return undefined;
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
    const request = open.get(key);
    if (request === undefined) return isLate(key);
    open.delete(key);
    const { spans, json } = message;
    const code = memberText(message, "error.code");
    const status = (era === "modern" && code !== undefined && modernStatuses[code]) || 200;
    const { sentId } = request;
    const restored: Edit[] = [
      [spans.id, sentId],
      [spans["result._meta.subscriptionId"], sentId],
    ];
    request.reply.answer(sharesIds ? json : replaced(json, restored), status);
    holdBack(request.reply.stream());
    return true;
  }

  /** An answer to what was asked, but nobody waits for any more. */
  function isLate(key: string): boolean {
    return !sharesIds && /^[1-9][0-9]*$/.test(key) && Number(key) <= lastId;
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
      const request = openByToken(sameSpelling(token));
      const restored: Edit = [spans["params.progressToken"], request?.sentToken];
      return request !== undefined && deliver(request, message, [restored]);
    }
    const subscription = memberText(message, "params._meta.subscriptionId");
    if (subscription !== undefined) {
      const request = open.get(sameSpelling(subscription));
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
    const only = onlyOpen();
    return only !== undefined && deliver(only, message);
  }

  function openByToken(token: string): OpenRequest | undefined {
    if (!sharesIds) {
      const request = open.get(token);
      return request?.sentToken === undefined ? undefined : request;
    }
    for (const each of open.values()) {
      if (each.sentToken !== undefined && sameSpelling(each.sentToken) === token) return each;
    }
    return undefined;
  }

  /** The child takes a subscription down, which is the one thing that it may cancel. */
  function endSubscription(message: JsonMessage): boolean {
    const id = memberText(message, "params.requestId");
    const request = id === undefined ? undefined : open.get(sameSpelling(id));
    if (request?.method !== listMethod) return false;
    deliver(request, message, [[message.spans["params.requestId"], request.sentId]]);
    open.delete(request.key);
    request.reply.stream()?.end();
    return true;
  }

  function deliver(request: OpenRequest, { json }: JsonMessage, edits: readonly Edit[] = []): boolean {
    const restored = sharesIds ? json : replaced(json, edits);
    if (request.isLeft || !request.reply.deliver(restored)) return false;
    holdBack(request.reply.stream());
    return true;
  }

  /** The one request that something without a name can only belong to. */
  function onlyOpen(): OpenRequest | undefined {
    let only: OpenRequest | undefined;
    for (const each of open.values()) {
      if (each.method === listMethod || each.method === "initialize" || each.isLeft) continue;
      if (only !== undefined) return undefined;
      only = each;
    }
    return only;
  }

  /** To the one client there is: on its only request's stream, else on its stream for whatever comes. */
  function toSession(message: JsonMessage): boolean {
    const [session] = sessions;
    const isOfNoRequest = listChanged.test(message.method ?? "") || message.method === resourceUpdated;
    const only = isOfNoRequest ? undefined : onlyOpen();
    if (only !== undefined && deliver(only, message)) return true;
    const stream = session?.send(message.json);
    if (stream === undefined) session?.hold(message.json);
    else holdBack(stream);
    return session !== undefined;
  }

  function toAll({ json }: JsonMessage): boolean {
    for (const session of sessions) holdBack(session.send(json));
    return true;
  }

  /** A reader that is behind slows its own child, and is let go where the child has others to serve. */
  function holdBack(stream: EventStream | undefined): void {
    const waiting = stream?.waiting() ?? 0;
    if (stream === undefined || waiting <= stream.body.readableHighWaterMark) return;
    if (clients !== "session") {
      if (waiting > maxUnreadBytes) stream.breakOff();
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
      const key = String(++lastId);
      const waiting = Promise.withResolvers<JsonMessage>();
      asked.set(key, waiting);
      const sent = `{"jsonrpc":"2.0","id":${key},"method":"${method}","params":${params}}`;
      if (!child.send(Buffer.from(sent))) waiting.reject(new RefusedCallError(notReading));
      return waiting.promise;
    },
    tell(method) {
      child.send(Buffer.from(`{"jsonrpc":"2.0","method":"${method}"}`));
    },
    leave(reply) {
      for (const request of [...open.values()]) {
        if (request.reply !== reply) continue;
        request.isLeft = true;
        if (era === "legacy") continue; // disconnection is no cancellation there
        open.delete(request.key);
        const params = `{"requestId":${request.key},"reason":"The client has gone away."}`;
        child.send(Buffer.from(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":${params}}`));
      }
    },
    failAll(refusal) {
      const ofReply = Map.groupBy(open.values(), ({ reply }) => reply);
      open.clear();
      for (const [reply, requests] of ofReply) {
        reply.fail(
          refusal,
          requests.map(({ sentId }) => sentId),
        );
      }
      for (const waiting of asked.values()) waiting.reject(refusal);
      asked.clear();
      for (const session of sessions) session.end();
    },
    isBusy(since) {
      for (const { method, isLeft, askedAt } of open.values()) {
        if (method !== listMethod && (!isLeft || askedAt > since)) return true;
      }
      return asked.size > 0;
    },
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

const idInUse = {
  status: 400,
  code: -32600,
  message: "The id is that of a request that is not answered yet.",
} as const;
