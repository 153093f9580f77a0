import assert from "node:assert/strict";
import type { TestGatehouse } from "./gatehouse.ts";
import { pkce, post, type TestClient } from "./oauth-client.ts";
import { UserAgent } from "./user-agent.ts";

/**
 * Provisions the web client of the service we replace: confidential, no PKCE, no consent page, a pattern for
 * its redirect URIs.
 */
export async function aLegacyClient(server: TestGatehouse): Promise<TestClient> {
  const [id, secret] = ["web", "the-web-clients-secret"];
  await server.addClient({ id, secret, redirectUris: ["https://app.example.com/auth/*"] });
  return { id, secret, redirectUri: "https://app.example.com/auth/cb", ...pkce() };
}

/** What it asks for, and the code it gets back. */
export async function aLegacyCode(
  server: TestGatehouse,
  { id, redirectUri }: Pick<TestClient, "id" | "redirectUri">,
  parameters: Record<string, string> = {},
): Promise<string> {
  const query = new URLSearchParams({ client_id: id, state: "s", redirect_uri: redirectUri, ...parameters });
  const { url } = await new UserAgent().follow(`${server.url}/?${query}`, (at) =>
    at.href.startsWith(redirectUri),
  );
  return url.searchParams.get("code") ?? assert.fail(url.href);
}

/** Its token, which it knows as `access_token` and as `refresh_token`. */
export async function aLegacyToken(server: TestGatehouse, client: TestClient): Promise<string> {
  const code = await aLegacyCode(server, client);
  const answer = await post(server, "/token", { client_id: client.id, client_secret: client.secret, code });
  assert.equal(answer.status, 200, answer.text);
  return String(answer.body.access_token);
}

/** Follows its sign-out link, which ends a token, up to where the browser is sent. */
export function revokeByLink(server: TestGatehouse, parameters: Record<string, string>): Promise<Response> {
  return fetch(`${server.url}/revoke?${new URLSearchParams(parameters)}`, { redirect: "manual" });
}
