import assert from "node:assert/strict";
import type { StdioDoor } from "./stdio-door.ts";

/** A session of an earlier revision at a door, as a client has one. */
export interface TestSession {
  readonly id: string;
  readonly token: string;
  /** The answer to `initialize`. */
  readonly welcome: Record<string, unknown>;
  post(body: string): Promise<Response>;
  /** Calls a tool, and reads the text it answers. */
  call(
    tool: string,
    given?: object,
    more?: { readonly id?: string; readonly meta?: object },
  ): Promise<string>;
}

/** @param version the revision it asks for */
export async function aSession(
  door: StdioDoor,
  token = "alice/editor",
  version = "2025-11-25",
): Promise<TestSession> {
  const params = {
    protocolVersion: version,
    capabilities: { roots: {} },
    clientInfo: { name: "t", version: "1" },
  };
  const body = JSON.stringify({ jsonrpc: "2.0", id: "start", method: "initialize", params });
  const answer = await door.post(body, {}, token);
  const said = await answer.text();
  assert.equal(answer.status, 200, said);
  const id = answer.headers.get("mcp-session-id") ?? "";
  assert.match(id, /^[\x21-\x7e]{20,1024}$/);
  const post = (body: string) => door.post(body, { "mcp-session-id": id }, token);
  await post(`{"jsonrpc":"2.0","method":"notifications/initialized"}`);
  return {
    id,
    token,
    welcome: JSON.parse(said) as Record<string, unknown>,
    post,
    async call(tool, given = {}, { id = "7", meta } = {}) {
      const answer = await post(toolCall(tool, given, { id, ...(meta && { meta }) }));
      return textIn(await messagesOf(answer));
    },
  };
}

/** @param id as JSON text */
export function toolCall(
  tool: string,
  given: object = {},
  { id = "7", meta }: { readonly id?: string; readonly meta?: object } = {},
): string {
  const params = JSON.stringify({ name: tool, arguments: given, ...(meta && { _meta: meta }) });
  return `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":${params}}`;
}

/** A request of the newest revision. */
export async function modernPost(
  door: StdioDoor,
  method: string,
  params: Record<string, unknown> = {},
  { token = "alice/editor", id = 7, signal }: { token?: string; id?: unknown; signal?: AbortSignal } = {},
): Promise<Response> {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": { name: "t", version: "1" },
    "io.modelcontextprotocol/clientCapabilities": {},
    ...(params._meta as object | undefined),
  };
  const body = JSON.stringify({ jsonrpc: "2.0", id, method, params: { ...params, _meta } });
  return fetch(door.url, {
    method: "POST",
    body,
    ...(signal && { signal }),
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      ...(typeof params.name === "string" && { "mcp-name": params.name }),
    },
  });
}

/** A tool called in the newest revision; the text it answers. */
export async function modernCall(
  door: StdioDoor,
  tool: string,
  given: object = {},
  options: { token?: string; id?: unknown; signal?: AbortSignal; meta?: object } = {},
): Promise<string> {
  const { meta, ...rest } = options;
  const params = { name: tool, arguments: given, ...(meta && { _meta: meta }) };
  return textIn(await messagesOf(await modernPost(door, "tools/call", params, rest)));
}

export type Message = Record<string, unknown> & {
  readonly id?: unknown;
  readonly method?: string;
  readonly result?: { readonly content?: readonly { readonly text: string }[] };
  readonly error?: { readonly code: number; readonly message: string };
};

/** All messages of an answer, JSON or event stream. */
export async function messagesOf(answer: Response): Promise<readonly Message[]> {
  const text = await answer.text();
  if (answer.headers.get("content-type") === "text/event-stream") return eventsIn(text);
  const parsed = JSON.parse(text) as Message | Message[];
  return Array.isArray(parsed) ? parsed : [parsed];
}

export function eventsIn(text: string): readonly Message[] {
  return text
    .split("\n\n")
    .flatMap((event) => event.split("\n").filter((line) => line.startsWith("data: ")))
    .map((line) => JSON.parse(line.slice("data: ".length)) as Message);
}

function textIn(messages: readonly Message[]): string {
  const last = messages.at(-1);
  const text = last?.result?.content?.[0]?.text;
  assert.ok(text !== undefined, JSON.stringify(messages));
  return text;
}

/** Reads an event stream message by message. */
export function reading(answer: Response) {
  assert.equal(answer.headers.get("content-type"), "text/event-stream");
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let left = "";
  return {
    /** The next message; `undefined` at the end. Rejects when the stream is broken off. */
    async next(): Promise<Message | undefined> {
      for (;;) {
        const end = left.indexOf("\n\n");
        if (end !== -1) {
          const [message] = eventsIn(left.slice(0, end + 2));
          left = left.slice(end + 2);
          if (message !== undefined) return message;
          continue;
        }
        const { done, value } = await reader.read();
        if (done) return undefined;
        left += decoder.decode(value, { stream: true });
      }
    },
    cancel: () => reader.cancel(),
  };
}

/** Waits until it holds. */
export async function until(holds: () => boolean | Promise<boolean>, ms = 20_000): Promise<void> {
  const end = performance.now() + ms;
  while (!(await holds())) {
    assert.ok(performance.now() < end, `not within ${ms} ms: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
