import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";
import type { Access } from "../../../src/oauth/ports.ts";
import { aFolder } from "../../config/config-file.ts";
import { startTestGatehouse, type TestGatehouse } from "../../support/gatehouse.ts";
import { aPublicClient, type TestClient, type Tokens, tokensFor } from "../../support/oauth-client.ts";

/** What a server behind the door was sent. */
export interface Received {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** An HTTP server behind a door that notes what it gets. Answers as `answer` does, or with 200 and `{}`. */
export async function aServerBehind(
  t: TestContext,
  answer: (request: Received, response: ServerResponse) => void = (_, response) =>
    void response.setHeader("content-type", "application/json").end("{}"),
) {
  const received: Received[] = [];
  const listener: RequestListener = async (request, response) => {
    const { method = "", url = "", rawHeaders, headers } = request;
    const noted = { method, url, rawHeaders, headers, body: await text(request) };
    received.push(noted);
    answer(noted, response);
  };
  const server = createServer((request, response) => void listener(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/mcp`, received, server };
}

export interface TestDoor {
  readonly server: TestGatehouse;
  /** The door's address, to which tokens are bound. */
  readonly address: string;
  readonly client: TestClient;
  /** Of the person the identity provider signs in, for this door. */
  token(parameters?: Record<string, string>): Promise<Tokens>;
  /** A call through the door, with a token unless another one is given. */
  call(init?: RequestInit & { readonly token?: string | undefined }): Promise<Response>;
}

/** Gatehouse with one server behind it at `/mcp`; for several on one database. */
export async function aProcessBefore(
  t: TestContext,
  upstream: string,
  more = "",
  environment: Record<string, string> = {},
  access?: () => Access | undefined,
): Promise<TestGatehouse> {
  const yaml = `servers:\n  - name: notes\n    path: /mcp\n    upstream: ${upstream}\n${more}`;
  const path = join(aFolder(t, { "gatehouse.yaml": yaml }), "gatehouse.yaml");
  const server = await startTestGatehouse({ GATEHOUSE_CONFIG: path, ...environment }, "serve", access);
  t.after(() => server.stop());
  return server;
}

/** What a second process needs to be one of the same Gatehouse. */
export function besides({ issuer, upstream }: TestGatehouse, database: string): Record<string, string> {
  return { SQL_URL: database, BASE_URL: issuer, UPSTREAM_ISSUER: upstream.issuer };
}

/**
 * Gatehouse with one server behind it at `/mcp`, and a client with a token.
 * @param upstream its URL
 * @param more lines of YAML for the server, indented by four spaces
 * @param access rules in force, in place of those of the file
 */
export async function aDoor(
  t: TestContext,
  upstream: string,
  more = "",
  environment: Record<string, string> = {},
  access?: () => Access | undefined,
): Promise<TestDoor> {
  const server = await aProcessBefore(t, upstream, more, environment, access);
  const address = `${server.issuer}/mcp`;
  const client = await aPublicClient(server);
  const token = (parameters: Record<string, string> = {}) =>
    tokensFor(server, client, { resource: address, ...parameters });
  const usual = await token();
  return {
    server,
    address,
    client,
    token,
    call: ({ token: sent = usual.access_token, ...init } = {}) =>
      fetch(`${server.url}/mcp`, {
        method: "POST",
        body: `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`,
        ...init,
        headers: {
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          authorization: `Bearer ${sent}`,
          ...init.headers,
        },
      }),
  };
}
