import { isUtf8 } from "node:buffer";
import type { HeaderFields } from "../call.ts";
import { errorCodes, type RefusedCall, RefusedCallError } from "../refusal.ts";
import type { Asked } from "./asked.ts";
import { decodedValue, isJsonType, type RepeatingHeaders, repeatingHeaders } from "./headers.ts";
import { JsonError, JsonReader } from "./json-reader.ts";
import { type ReadMessage, readMessage } from "./message.ts";
import { Budget } from "./names.ts";

const limits = { maxDepth: 64, maxNumberLength: 1000 };
const maxBatch = 50;

/** Revisions are dates: those from this one on have no sessions, and repeat the body in header fields. */
const firstModernRevision = "2026-07-28";
/** From this one on there are no batches. */
const firstWithoutBatches = "2025-06-18";

const isModern = (revision: string) => revision >= firstModernRevision;

/**
 * What a POST asks for. The body decides; header fields that say otherwise end the call. Throws
 * `RefusedCallError`, with the request's id where it was read: 415 for what is no JSON (W55), else 400.
 * @param body as sent, which is what goes on to the server
 * @param fields as sent
 */
export function judge(body: Buffer, fields: HeaderFields): Asked {
  const headers = repeatingHeaders(fields);
  if (!isJsonType(headers.contentType)) {
    throw refusal("The body has to be application/json, in UTF-8.", { status: 415 });
  }
  const { messages, isBatch } = readBody(body);
  const era = eraOf(messages, headers);
  if (isBatch) checkBatch(messages, headers);
  for (const message of messages) {
    if (message.problem !== undefined) {
      throw refusal(`This is no valid JSON-RPC message: ${message.problem}.`, { id: idOf(message, isBatch) });
    }
    const contradiction = contradictionOf(message, headers, era);
    if (contradiction !== undefined) {
      const { headerMismatch: code } = errorCodes;
      throw refusal(`Header and body disagree: ${contradiction}.`, { code, id: idOf(message, isBatch) });
    }
  }
  return { era, messages, isBatch };
}

/** What a request without a body asks for: nothing but what its method and headers say. */
export function judgeBodiless(fields: HeaderFields): Asked {
  return { era: eraOf([], repeatingHeaders(fields)), messages: [], isBatch: false };
}

function readBody(body: Buffer): { messages: readonly ReadMessage[]; isBatch: boolean } {
  if (!isUtf8(body)) throw refusal("The body is not UTF-8.", { code: errorCodes.parse });
  const reader = new JsonReader(body, limits);
  const budget = new Budget();
  try {
    const isBatch = reader.peek() === 0x5b;
    const messages: ReadMessage[] = [];
    if (isBatch) {
      reader.array(() => {
        if (messages.length === maxBatch) throw refusal(`A batch holds at most ${maxBatch} messages.`);
        messages.push(readMessage(reader, budget));
      });
    } else messages.push(readMessage(reader, budget));
    reader.end();
    return { messages, isBatch };
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw refusal(error.message, error.problem === "syntax" ? { code: errorCodes.parse } : {});
  }
}

/** Modern once header or body names a modern revision: a request that is half of each has no session. */
function eraOf(messages: readonly ReadMessage[], { revision }: RepeatingHeaders): Asked["era"] {
  const claims = ({ claimedRevision: claimed }: ReadMessage) =>
    claimed === null || (claimed !== undefined && isModern(claimed));
  return (revision !== undefined && isModern(revision)) || messages.some(claims) ? "modern" : "legacy";
}

/** W54. */
function checkBatch(messages: readonly ReadMessage[], { revision }: RepeatingHeaders): void {
  if (messages.length === 0) throw refusal("The batch is empty.");
  const hasNone = revision !== undefined && revision >= firstWithoutBatches;
  if (hasNone || messages.some(({ claimedRevision }) => claimedRevision !== undefined)) {
    throw refusal("This revision of the protocol has no batches.");
  }
}

/** What of the header fields says other than the body, or is missing where it has to repeat it (W57). */
function contradictionOf(
  { kind, method, claimedRevision, mirroredName }: ReadMessage,
  { revision, method: methodHeader, name: nameHeader, repeated }: RepeatingHeaders,
  era: Asked["era"],
): string | undefined {
  if (repeated !== undefined) return `${repeated} stands there twice`;
  if (typeof claimedRevision === "string" && revision !== undefined && claimedRevision !== revision) {
    return "MCP-Protocol-Version names another revision";
  }
  if (method === "initialize" && era === "modern" && claimedRevision === undefined) {
    return "MCP-Protocol-Version names a revision without initialize";
  }
  if (methodHeader !== undefined && methodHeader !== method) return "Mcp-Method names another method";
  if (nameHeader !== undefined && mirroredName !== undefined && decodedValue(nameHeader) !== mirroredName) {
    return "Mcp-Name names something else";
  }
  if (era === "legacy" || kind !== "request") return undefined;
  if (revision === undefined) return "MCP-Protocol-Version is missing";
  if (methodHeader === undefined) return "Mcp-Method is missing";
  if (nameHeader === undefined && mirroredName !== undefined) return "Mcp-Name is missing";
  return undefined;
}

const idOf = ({ id }: ReadMessage, isBatch: boolean) => (isBatch ? undefined : id);

/** @param which what is not usual: 400, invalid request, no id */
function refusal(
  message: string,
  {
    status = 400,
    code = errorCodes.invalidRequest,
    id,
  }: Partial<Pick<RefusedCall, "status" | "code" | "id">> = {},
): RefusedCallError {
  return new RefusedCallError({ status, code, message, ...(id !== undefined && { id }) });
}
