import type { McpClient } from "../../../../src/insight/doctor/walk/client.ts";
import { fixtureOf } from "../../../clients/fixture.ts";
import { type AuthorizationServer, SimulatedClient } from "../../../clients/simulate.ts";
import type { SigningKey } from "../../../support/assertions.ts";
import type { Outcome } from "./real-clients.ts";

/** A client played to the end, by its record: a person signs in and approves, the code is redeemed. */
export async function playFixture(
  server: AuthorizationServer,
  record: McpClient,
  at: { readonly mcpServer: string; readonly listed: readonly string[] },
  key?: SigningKey,
): Promise<Outcome> {
  const client = new SimulatedClient(
    server,
    fixtureOf(record, { mcpServer: at.mcpServer, listed: at.listed }),
    key,
  );
  const identity = await client.identify().catch(() => undefined);
  if (identity === undefined) return "walk.identify";
  const redeemed = await client.signIn(identity).catch(() => undefined);
  if (redeemed === undefined) return "walk.authorize";
  return redeemed.status === 200 ? "connects" : "walk.token";
}
