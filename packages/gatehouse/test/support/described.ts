import assert from "node:assert/strict";
import type { Account } from "../../src/oauth/records.ts";
import { hashSecret } from "../../src/oauth/tokens/secret.ts";
import { seconds } from "../../src/oauth/values.ts";
import { unique } from "../contract/records.ts";
import type { TestGatehouse } from "./gatehouse.ts";

/** The person that the identity provider signs in, as it describes them at their next sign-in. */
export async function describeAs(server: TestGatehouse, over: Partial<Account>): Promise<void> {
  const [account] = await server.store.findAccounts(server.upstream.account.email);
  const now = server.clock.now();
  await server.store.openSession({
    sessionHash: hashSecret(unique()),
    replaces: undefined,
    account: { ...(account ?? assert.fail()), ...over },
    authTime: now,
    expiresAt: seconds(now + 60),
  });
}
