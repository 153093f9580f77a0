import assert from "node:assert/strict";
import { type AddressInfo, createServer } from "node:net";
import { after, before, test } from "node:test";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { postBody, resource } from "../support/oauth-client.ts";
import { isRefused } from "../support/refusals.ts";

let server: TestGatehouse;
before(async () => {
  server = await startTestGatehouse();
  await server.addResource(resource, { "notes:read": "Read your notes" });
});
after(() => server?.stop());

const good = "https://app.example.com/cb";
const register = (metadata: unknown) =>
  postBody(server, "/register", JSON.stringify(metadata), "application/json");

test("H-n4 a jwks_uri is never fetched at registration, least of all an internal one", async (t) => {
  let connections = 0;
  const internal = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => internal.listen(0, "127.0.0.1", resolve));
  t.after(() => internal.close());
  const { port } = internal.address() as AddressInfo;
  for (const host of ["169.254.169.254", `127.0.0.1:${port}`]) {
    await isRefused(
      register({ redirect_uris: [good], jwks_uri: `http://${host}/latest` }),
      "invalid_client_metadata",
    );
    // A name may lead anywhere: it is not looked up, and nothing is kept that could be fetched later.
    const { status, body } = await register({ redirect_uris: [good], jwks_uri: `https://${host}/latest` });
    assert.equal(status, 201);
    assert.equal(body.jwks_uri, undefined);
  }
  assert.doesNotMatch(JSON.stringify(await server.store.listClients()), /latest/);
  assert.equal(connections, 0);
});
