import assert from "node:assert/strict";
import type { Answer } from "./oauth-client.ts";

/** An endpoint refused: 400 with this error, and no token. */
export async function isRefused(answer: Promise<Answer>, error = "invalid_grant", about = ""): Promise<void> {
  const { status, body } = await answer;
  assert.equal(status, 400, about);
  assert.equal(body.error, error, about);
  assert.equal(body.access_token, undefined, about);
}
