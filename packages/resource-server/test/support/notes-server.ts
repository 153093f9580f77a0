import type { IncomingMessage } from "node:http";
import { type AuthInfo, type ProtectionOptions, protect } from "../../src/index.ts";
import type { AuthorizationServer } from "./authorization-server.ts";
import { listen } from "./listening.ts";

/** How the world knows the protected server of these tests. */
export const resource = "https://notes.example.com/mcp";
export const metadataUrl = "https://notes.example.com/.well-known/oauth-protected-resource/mcp";

/** A clock that stands still until it is moved. */
export class StandingClock {
  now = 1_800_000_000;
  advance(seconds: number): void {
    this.now += seconds;
  }
}

export interface NotesServer {
  readonly origin: string;
  readonly clock: StandingClock;
  /** What `onFailure` was told. */
  readonly failures: string[];
  /** Calls `/mcp` with this token. */
  call(token?: string, path?: string): Promise<Response>;
  close(): Promise<void>;
}

/**
 * A protected server on bare `node:http`: tells at any path who calls; `/mcp/write` needs the scope
 * `notes:write`.
 */
export async function startNotesServer(
  authorizationServer: Pick<AuthorizationServer, "issuer" | "credential">,
  options: Partial<ProtectionOptions> = {},
): Promise<NotesServer> {
  const clock = new StandingClock();
  const failures: string[] = [];
  const { issuer, credential } = authorizationServer;
  const gate = protect({
    issuer,
    resource,
    credential,
    cacheSeconds: 0,
    clock: () => clock.now,
    onFailure: (error) => failures.push(error.message),
    ...options,
  });
  const write = gate.scopes("notes:write");
  const server = await listen((request: IncomingMessage & { auth?: AuthInfo; body?: unknown }, response) => {
    const answer = () => response.end(JSON.stringify({ auth: request.auth, body: request.body }));
    void gate(request, response, () => {
      if (request.url === "/mcp/write") void write(request, response, answer);
      else answer();
    });
  });
  return {
    origin: server.origin,
    clock,
    failures,
    call: (token, path = "/mcp") =>
      fetch(server.origin + path, {
        method: "POST",
        headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
      }),
    close: server.close,
  };
}

/** An introspection answer for a good token of Alice's. */
export function aliceMay(scope: string, changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    active: true,
    aud: resource,
    client_id: "agent",
    sub: "subject-of-alice",
    username: "alice@example.com",
    scope,
    token_type: "Bearer",
    exp: new StandingClock().now + 3600,
    ...changes,
  };
}
