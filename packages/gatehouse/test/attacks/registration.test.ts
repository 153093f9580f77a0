import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { type Answer, read, resource } from "../support/oauth-client.ts";

let server: TestGatehouse;
before(async () => {
  server = await startTestGatehouse();
  await server.addResource(resource, { "notes:read": "Read your notes" });
});
after(() => server?.stop());

const good = "https://app.example.com/cb";
const send = async (body: string, type = "application/json", at = server): Promise<Answer> =>
  read(await fetch(`${at.url}/register`, { method: "POST", body, headers: { "content-type": type } }));
const register = (metadata: unknown, at = server) => send(JSON.stringify(metadata), undefined, at);

async function isRefused(answer: Promise<Answer>, error: string, about = "") {
  const { status, body } = await answer;
  assert.equal(status, 400, about);
  assert.equal(body.error, error, about);
}

test("H-n4 a jwks_uri is never fetched at registration, least of all an internal one", async () => {
  await isRefused(
    register({ redirect_uris: [good], jwks_uri: "http://169.254.169.254/latest" }),
    "invalid_client_metadata",
  );
});
