import assert from "node:assert/strict";
import type { Browse } from "./person.ts";
import type { ProtectedServer } from "./protected-server.ts";
import type { SdkClient } from "./sdk-client.ts";

/** The answers of two refreshes are lost, an hour apart: the client is still signed in afterwards. */
export async function staysSignedInOverLostAnswers(
  server: ProtectedServer,
  client: SdkClient,
  approve: Browse,
): Promise<void> {
  const signInsBefore = server.signIns();
  await client.connect(approve);
  const stored = client.memory.tokens()?.refresh_token;
  client.losesTokens = true;
  for (let time = 1; time <= 2; time++) {
    server.letAccessTokensExpire();
    await assert.rejects(client.call("whoami"));
    assert.equal(client.memory.tokens()?.refresh_token, stored, "it has nothing newer");
  }
  assert.ok(
    server.gatehouse.log.some((line) => line.includes("refresh_late")),
    "the requests arrived",
  );
  client.losesTokens = false;
  server.letAccessTokensExpire();
  assert.match(await client.call("whoami"), /alice@example\.com/);
  assert.equal(server.signIns() - signInsBefore, 1, "nobody is asked to sign in");
}
