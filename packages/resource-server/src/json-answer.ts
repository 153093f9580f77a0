import { readBounded } from "./bounded-text.ts";

/** What another server answered: the status and, if it was a JSON object, the object. */
export interface JsonAnswer {
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>> | undefined;
  /** `X-Request-Id`: under which its log tells of the request. */
  readonly reference: string | undefined;
}

const maxBodyBytes = 65_536;

/**
 * One request for JSON, for as long as the signal allows, at most 64 kB. Redirects are not followed: they
 * would carry the token and our credential to a place nobody configured (U10). A request that fails on the
 * network is sent once more, since a kept connection may just have been closed; so it must be safe to repeat.
 * Throws when there is no answer; no message holds any part of what was sent or received.
 */
export async function askForJson(url: string, init: RequestInit, signal: AbortSignal): Promise<JsonAnswer> {
  const send = () => fetch(url, { ...init, redirect: "error", signal });
  try {
    const response = await send().catch((error: unknown) => {
      if (signal.aborted) throw error;
      return send();
    });
    const text = await readBounded(response.body, maxBodyBytes);
    return {
      status: response.status,
      json: text === undefined ? undefined : parseObject(text),
      reference: /^[0-9A-Z]{4}(?:-[0-9A-Z]{4}){2}$/.exec(response.headers.get("x-request-id") ?? "")?.[0],
    };
  } catch (error) {
    throw new Error(`no usable answer from ${new URL(url).origin}: ${reasonOf(error, signal)}`);
  }
}

function parseObject(text: string): JsonAnswer["json"] {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Not JSON, and so no object; the parser's message would quote the text.
  }
  return undefined;
}

/** `fetch` hides the reason (`ECONNREFUSED` …) in the cause. */
function reasonOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return "it took too long";
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (!(cause instanceof Error)) return "unknown reason";
  return "code" in cause ? String(cause.code) : cause.message;
}
