import { RefusedCallError } from "../refusal.ts";
import { type JsonMessage, memberText, sameSpelling } from "./message.ts";
import type { Asker } from "./reply.ts";

/** A client's request that its child has not answered. */
export interface OpenRequest {
  /** Its id for the child, spelled one way. */
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

export interface OpenRequests {
  /**
   * Enters a request, under a number of ours unless ids are shared with the child.
   * @param owner whose it is, where several clients share the child
   * @throws RefusedCallError when the id is in use
   */
  enter(message: JsonMessage, owner: string, reply: Asker, now: number): OpenRequest;
  /** A number that no other request of this child has had. */
  nextNumber(): number;
  /** Whether a request once had this number. */
  wasAsked(key: string): boolean;
  find(key: string): OpenRequest | undefined;
  delete(key: string): void;
  /** By the id that this owner gave it, spelled one way. */
  findOf(owner: string, id: string): OpenRequest | undefined;
  /** By the progress token that the child knows, spelled one way. */
  findByToken(token: string): OpenRequest | undefined;
  ofReply(reply: Asker): readonly OpenRequest[];
  /** The one request that something without a name can only belong to. */
  only(): OpenRequest | undefined;
  /** Whether a client waits for one, or one began after this time; subscriptions do not count. */
  areWaitedFor(since: number): boolean;
  /** All of them, by whoever waits; afterwards there is none. */
  takeAll(): ReadonlyMap<Asker, readonly OpenRequest[]>;
}

export const listMethod = "subscriptions/listen";

/** @param sharesIds the client's ids and tokens are the child's too */
export function createOpenRequests(sharesIds: boolean): OpenRequests {
  const open = new Map<string, OpenRequest>();
  let lastNumber = 0;

  function find(matches: (request: OpenRequest) => boolean): OpenRequest | undefined {
    for (const request of open.values()) if (matches(request)) return request;
    return undefined;
  }

  return {
    enter(message, owner, reply, askedAt) {
      const { method = "" } = message;
      const sentId = memberText(message, "id") ?? "null";
      const sentToken = memberText(message, "params._meta.progressToken");
      const key = sharesIds ? sameSpelling(sentId) : String(++lastNumber);
      if (open.has(key)) throw new RefusedCallError(idInUse);
      const request = { key, sentId, sentToken, owner, reply, method, askedAt, isLeft: false };
      open.set(key, request);
      return request;
    },
    nextNumber: () => ++lastNumber,
    wasAsked: (key) => !sharesIds && /^[1-9][0-9]*$/.test(key) && Number(key) <= lastNumber,
    find: (key) => open.get(key),
    delete: (key) => void open.delete(key),
    findOf: (owner, id) => find((each) => each.owner === owner && sameSpelling(each.sentId) === id),
    findByToken(token) {
      if (sharesIds) {
        return find(({ sentToken }) => sentToken !== undefined && sameSpelling(sentToken) === token);
      }
      const request = open.get(token);
      return request?.sentToken === undefined ? undefined : request;
    },
    ofReply: (reply) => [...open.values()].filter((each) => each.reply === reply),
    only() {
      let only: OpenRequest | undefined;
      for (const each of open.values()) {
        if (each.method === listMethod || each.method === "initialize" || each.isLeft) continue;
        if (only !== undefined) return undefined;
        only = each;
      }
      return only;
    },
    areWaitedFor: (since) =>
      find(({ method, isLeft, askedAt }) => method !== listMethod && (!isLeft || askedAt > since)) !==
      undefined,
    takeAll() {
      const all = Map.groupBy(open.values(), ({ reply }) => reply);
      open.clear();
      return all;
    },
  };
}

const idInUse = {
  status: 400,
  code: -32600,
  message: "The id is that of a request that is not answered yet.",
} as const;
