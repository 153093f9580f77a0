import type { TestContext } from "node:test";
import { createGateway, type Gateway } from "../../../src/gateway/gateway.ts";
import type { HttpBackendSettings, ProtectedServer } from "../../../src/gateway/protected-server.ts";
import { createListener, type ListenerOptions } from "../../../src/http/listener.ts";
import type { Bearer } from "../../../src/oauth/grants/bearer.ts";
import type { ClientId, GrantId, Seconds, Subject } from "../../../src/oauth/values.ts";
import { freePort } from "../../support/free-port.ts";
import { aPlainServer } from "./plain-server.ts";

export interface BareDoor {
  readonly port: number;
  readonly url: string;
  readonly gateway: Gateway;
  /** Everything logged. */
  readonly log: Record<string, unknown>[];
  /** A call of alice's, unless the token is another one. */
  call(init?: RequestInit): Promise<Response>;
  /** As the process does when it stops. */
  stop(): Promise<void>;
}

export const aCall = '{"jsonrpc":"2.0","id":1,"method":"ping"}';

/** The head of a call on the wire, without the empty line. */
export function head(port: number, more: string[] = [], target = "/mcp", method = "POST"): string {
  return [
    `${method} ${target} HTTP/1.1`,
    `Host: localhost:${port}`,
    "Authorization: Bearer alice",
    "Content-Type: application/json",
    "Accept: application/json, text/event-stream",
    ...more,
    "",
  ].join("\r\n");
}

/** The same with its body, of one message. */
export function wholeCall(port: number, more: string[] = [], target?: string, body = aCall): string {
  return `${head(port, [...more, `Content-Length: ${body.length}`], target)}\r\n${body}`;
}

/**
 * The listener and the gateway as they serve, with one server behind `/mcp`, and tokens that are the name of
 * whoever has them; `nobody` is nobody's.
 */
export async function aBareDoor(
  t: TestContext,
  upstream: string,
  {
    server = {},
    backend = {},
    listener = {},
    beforeBearer = () => undefined,
  }: {
    readonly server?: Partial<ProtectedServer>;
    readonly backend?: Partial<HttpBackendSettings>;
    readonly listener?: Partial<ListenerOptions>;
    /** Waited for at each look-up of a token. */
    readonly beforeBearer?: () => Promise<void> | undefined;
  } = {},
): Promise<BareDoor> {
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const log: Record<string, unknown>[] = [];
  const note = (about: object, msg: string) => void log.push({ ...about, msg });
  const protectedServer: ProtectedServer = {
    ...aPlainServer(`${origin}/mcp`, {
      kind: "http",
      url: new URL(upstream),
      socketPath: undefined,
      authorities: [],
      keepsHost: false,
      credentials: {},
      timeouts: { connectMs: 5000, firstByteMs: 300_000, silenceMs: 60_000 },
      ...backend,
    }),
    ...server,
  };
  const services = {
    issuer: origin,
    metadata: "{}",
    findBearer: async (token: string) => {
      await beforeBearer();
      return bearerOf(token);
    },
    access: () => undefined,
    severalProviders: () => false,
    secretKeys: [Buffer.alloc(32, "k")],
    events: { emit: () => undefined, record: () => Promise.resolve() },
    budgets: { useBudgets: () => Promise.reject(new Error("there are no limits")) },
    clock: { now: () => Math.floor(Date.now() / 1000) as Seconds },
    log: { info: note, warn: note, error: note },
  };
  const gateway = createGateway(
    [protectedServer],
    services as unknown as Parameters<typeof createGateway>[1],
  );
  const edge = createListener({
    routes: [],
    issuer: origin,
    renderPage: () => ({ html: "", language: "en" }),
    taker: gateway,
    onFailure: (err, about) => note({ err, ...about }, "failure"),
    ...listener,
  });
  await edge.listen(port, "127.0.0.1");
  let stopped: Promise<unknown> | undefined;
  const stop = async () => {
    stopped ??= Promise.all([gateway.end(), edge.close()]).then(() => gateway.close());
    await stopped;
  };
  t.after(stop);
  return {
    port,
    url: `${origin}/mcp`,
    gateway,
    log,
    stop,
    call: (init = {}) =>
      fetch(`http://127.0.0.1:${port}/mcp`, {
        method: "POST",
        ...((init.method ?? "POST") === "POST" && { body: aCall }),
        ...init,
        headers: {
          authorization: "Bearer alice",
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          ...init.headers,
        },
      }),
  };
}

function bearerOf(name: string): Bearer | undefined {
  if (name === "nobody") return undefined;
  return {
    subject: name as Subject,
    clientId: "editor" as ClientId,
    scopes: [],
    person: { subject: name, email: `${name}@example.com` } as never,
    name,
    grantId: `grant of ${name}` as GrantId,
    reference: undefined,
    tokenHash: undefined,
    expiresAt: 4_000_000_000 as Seconds,
  };
}
