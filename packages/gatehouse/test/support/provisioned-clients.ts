import assert from "node:assert/strict";
import type { TestGatehouse } from "./gatehouse.ts";
import { authorizationUrl, pkce, type TestClient } from "./oauth-client.ts";
import { UserAgent } from "./user-agent.ts";

/** Provisions a confidential client of the operator's own, of the modern kind: PKCE, no consent page. */
export async function aConfidentialClient(
  server: TestGatehouse,
  { id = "own", secret = "own-secret" } = {},
): Promise<TestClient> {
  const redirectUri = "https://own.example.net/cb";
  await server.addClient({ id, secret, authMethod: "client_secret_basic", redirectUris: [redirectUri] });
  return { id, secret, redirectUri, ...pkce() };
}

/** Provisions a public client: the operator vouches for it, so that its errors are redirected at once. */
export async function aKnownClient(
  server: TestGatehouse,
  redirectUri: string,
  id = "known",
): Promise<TestClient> {
  await server.addClient({ id, authMethod: "none", redirectUris: [redirectUri] });
  return { id, redirectUri, ...pkce() };
}

/** The code of a confidential client, which is given it without a consent page. */
export async function aCodeUnasked(
  server: TestGatehouse,
  client: TestClient,
  parameters: Record<string, string | undefined> = {},
): Promise<string> {
  const { url } = await new UserAgent().follow(authorizationUrl(server, client, parameters), (at) =>
    at.href.startsWith(client.redirectUri),
  );
  return url.searchParams.get("code") ?? assert.fail(url.href);
}
