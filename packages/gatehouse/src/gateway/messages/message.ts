import { folded } from "../spelling.ts";
import type { Message, Target } from "./asked.ts";
import { draftMessage, type MessageDraft } from "./draft.ts";
import type { JsonReader } from "./json-reader.ts";
import type { Budget } from "./names.ts";

/** A message as its bytes have it, before anything about it is judged but its form. */
export interface ReadMessage extends Message {
  /** The revision its `_meta` claims; `null` when that is no string; `undefined`: it claims none. */
  readonly claimedRevision: string | null | undefined;
  /** What `Mcp-Name` has to repeat (2026-07-28, Standard Request Headers); `undefined`: nothing. */
  readonly mirroredName: string | undefined;
  /** Why it is no valid request, for the client's developer. */
  readonly problem: string | undefined;
}

/** Which of the parameters `Mcp-Name` repeats, by method. */
const mirrored: ReadonlyMap<string, "name" | "uri" | "taskId"> = new Map([
  ["tools/call", "name"],
  ["prompts/get", "name"],
  ["resources/read", "uri"],
  ["tasks/get", "taskId"],
  ["tasks/update", "taskId"],
  ["tasks/cancel", "taskId"],
]);

/** Methods that the door knows: none may come in another spelling. */
const knownMethods: ReadonlySet<string> = new Set([
  ...mirrored.keys(),
  "initialize",
  "resources/subscribe",
  "completion/complete",
  "subscriptions/listen",
  "tools/list",
  "resources/list",
  "prompts/list",
]);

/** Reads one message, whatever its form: `problem` says what is wrong with it. Throws `JsonError`. */
export function readMessage(reader: JsonReader, budget: Budget): ReadMessage {
  const draft = draftMessage(reader, budget);
  const { id, method, progressToken, arguments: sent, claimedRevision } = draft;
  const targets = method === undefined ? none : targetsOf(method, draft);
  draft.problem ??= problemOf(draft);
  const mirror = mirrored.get(method ?? "");
  return {
    kind: method === undefined ? "response" : id === undefined ? "notification" : "request",
    id,
    method,
    targets,
    progressToken,
    arguments: sent,
    claimedRevision,
    mirroredName: mirror && draft[mirror],
    problem: draft.problem,
  };
}

function problemOf({ id, method, isAnswer }: MessageDraft): string | undefined {
  if (method === undefined) return isAnswer ? undefined : "it has neither method nor result nor error";
  if (isAnswer) return "it is both request and response";
  if (id === "null") return "the id of a request is null";
  if (!knownMethods.has(method) && knownMethods.has(folded(method)))
    return "method only looks like a known one";
  return undefined;
}

/**
 * Of whatever has a method, notifications too: a server may run them all the same. What names nothing is the
 * server's to refuse.
 */
function targetsOf(method: string, draft: MessageDraft): readonly Target[] {
  switch (method) {
    case "tools/call":
      return target("tool", draft.name);
    case "prompts/get":
      return target("prompt", draft.name);
    case "resources/read":
    case "resources/subscribe":
      return target("resource", draft.uri);
    case "completion/complete":
      return referenceTarget(draft);
    case "subscriptions/listen":
      return (draft.uris ?? []).map((name) => ({ kind: "resource", name }));
    default:
      return none;
  }
}

function referenceTarget(draft: MessageDraft): readonly Target[] {
  const { refType, refName, refUri } = draft;
  if (refType === "ref/prompt") return target("prompt", refName);
  if (refType === "ref/resource") return target("resource", refUri);
  if (refType !== undefined || refName !== undefined || refUri !== undefined) {
    draft.problem ??= "params.ref is of neither a prompt nor a resource";
  }
  return none;
}

function target(kind: Target["kind"], name: string | undefined): readonly Target[] {
  return name === undefined ? none : [{ kind, name }];
}

const none: readonly Target[] = [];
