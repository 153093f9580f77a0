import assert from "node:assert/strict";
import type { TestGatehouse } from "./gatehouse.ts";

/** ERRPAGE: the server tells the person itself, and sends the browser nowhere. */
export async function isErrorPage(response: Response, about: string): Promise<void> {
  assert.equal(response.status, 400, about);
  assert.equal(response.headers.get("location"), null, about);
  assert.match(response.headers.get("content-type") ?? "", /^text\/html/, about);
  assert.doesNotMatch(await response.text(), /<meta http-equiv|[?&]code=/i, about);
}

/**
 * ERRREDIR: the error a redirect back to `redirectUri` carries, which has a query of its own. Fails unless
 * the redirect is well formed: issuer and state, no code, nothing in the fragment.
 */
export function redirectedError(
  server: TestGatehouse,
  redirectUri: string,
  response: Response,
): string | null {
  assert.ok([302, 303].includes(response.status), `no redirect but ${response.status}`);
  const location = new URL(response.headers.get("location") ?? "");
  assert.ok(location.href.startsWith(`${redirectUri}&`), location.href);
  assert.equal(location.hash, "");
  assert.equal(location.searchParams.get("code"), null);
  assert.equal(location.searchParams.get("iss"), server.issuer);
  assert.equal(location.searchParams.get("state"), "the-clients-state");
  return location.searchParams.get("error");
}
