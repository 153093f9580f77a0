import { startTestGatehouse, type TestGatehouse } from "./gatehouse.ts";
import { aPublicClient, resource, type TestClient } from "./oauth-client.ts";
import { aKnownClient } from "./provisioned-clients.ts";

/** Of the known client; it has a query of its own. */
export const knownUri = "https://good.example/cb?app=1";

/** A server with two public clients: one the operator vouches for, and one that registered itself. */
export async function startWithTwoClients(): Promise<{
  readonly server: TestGatehouse;
  readonly known: TestClient;
  readonly unknown: TestClient;
}> {
  const server = await startTestGatehouse();
  await server.addResource(resource, { "notes:read": "Read your notes" });
  const known = await aKnownClient(server, knownUri);
  const unknown = await aPublicClient(server, { redirect_uris: ["https://stranger.example/cb"] });
  return { server, known, unknown };
}
