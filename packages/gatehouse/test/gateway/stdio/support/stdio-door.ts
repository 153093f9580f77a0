import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { createBodies } from "../../../../src/gateway/body.ts";
import type { Backend } from "../../../../src/gateway/call.ts";
import { createDoor } from "../../../../src/gateway/door.ts";
import type { StdioBackendSettings } from "../../../../src/gateway/protected-server.ts";
import { createStdioBackend } from "../../../../src/gateway/stdio/stdio-backend.ts";
import type { Timers } from "../../../../src/gateway/stdio/timers.ts";
import type { Bearer } from "../../../../src/oauth/grants/bearer.ts";
import type { ClientId, GrantId, Seconds, Subject } from "../../../../src/oauth/values.ts";
import { aPlainServer } from "../../support/plain-server.ts";

export const childPath = join(import.meta.dirname, "child.ts");

/** A command that runs the child of these tests. */
export function aChild(era: "legacy" | "modern" | "both" | "silent" | "strict" = "legacy", pidFile?: string) {
  const more = pidFile === undefined ? [] : [pidFile];
  return [process.execPath, "--no-warnings", childPath, era, ...more] as const;
}

/** Real time, so many times as fast: what takes half an hour in life takes some seconds. */
export function fasterTime(factor: number): Timers {
  return {
    now: () => performance.now() * factor,
    after(ms, run) {
      const timer = setTimeout(run, ms / factor);
      return () => clearTimeout(timer);
    },
  };
}

export interface StdioDoor {
  readonly url: string;
  readonly backend: Backend;
  /** Everything logged. */
  readonly log: Record<string, unknown>[];
  /** Requests that the door has not done with. */
  underWay(): number;
  /** @param token `person/client`, who is believed to be that */
  post(body: string, headers?: Record<string, string>, token?: string): Promise<Response>;
  get(session: string, token?: string, signal?: AbortSignal): Promise<Response>;
  close(): Promise<void>;
}

/** A door in front of a command, over real HTTP, with tokens that say who one is. */
export async function aStdioDoor(
  t: TestContext,
  settings: Partial<StdioBackendSettings> = {},
  timers?: Timers,
): Promise<StdioDoor> {
  const log: Record<string, unknown>[] = [];
  const note = (about: object, msg: string) => void log.push({ ...about, msg });
  const logger = { info: note, warn: note, error: note } as never;
  const complete: StdioBackendSettings = {
    kind: "stdio",
    command: aChild(),
    folder: undefined,
    inherited: {},
    environment: {},
    per: "session",
    maxChildren: 50,
    maxChildrenPerPerson: 5,
    idleSeconds: 1800,
    firstAnswerMs: 60_000,
    ...settings,
  };
  let underWay = 0;
  const server = createServer((request, response) => {
    underWay++;
    const done = door(request, response, { id: "reference", address: "127.0.0.1", isThroughProxy: false });
    void done.finally(() => underWay--);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const described = aPlainServer(`${origin}/mcp`, complete);
  const backend = createStdioBackend(described, complete, { log: logger, ...(timers && { timers }) });
  const door = createDoor(described, backend, {
    issuer: origin,
    metadata: "{}",
    findBearer: (token) => Promise.resolve(bearerOf(token)),
    access: () => undefined,
    severalProviders: () => false,
    secretKeys: [Buffer.alloc(32, "key")],
    events: { emit: () => undefined, record: () => Promise.resolve() },
    budgets: { useBudgets: () => Promise.reject(new Error("there are no limits")) },
    clock: { now: () => 0 as Seconds },
    log: logger,
    bodies: createBodies(),
    streams: new Set(),
  });
  const close = async () => {
    await backend.close();
    server.closeAllConnections();
    server.close();
  };
  t.after(close);
  const url = `${origin}/mcp`;
  return {
    url,
    backend,
    log,
    underWay: () => underWay,
    close,
    post: (body, headers = {}, token = "alice/editor") =>
      fetch(url, {
        method: "POST",
        body,
        headers: {
          authorization: `Bearer ${token}`,
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          ...headers,
        },
      }),
    get: (session, token = "alice/editor", signal) =>
      fetch(url, {
        headers: {
          authorization: `Bearer ${token}`,
          accept: "text/event-stream",
          "mcp-session-id": session,
        },
        ...(signal && { signal }),
      }),
  };
}

function bearerOf(token: string): Bearer | undefined {
  const [subject, clientId] = token.split("/");
  if (subject === undefined || clientId === undefined) return undefined;
  return {
    subject: subject as Subject,
    clientId: clientId as ClientId,
    scopes: ["notes:read"],
    person: { subject, email: `${subject}@example.com` } as never,
    name: subject,
    grantId: `grant of ${token}` as GrantId,
    reference: undefined,
    tokenHash: undefined,
    expiresAt: 4_000_000_000 as Seconds,
  };
}
