import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { aFolder } from "../../config/config-file.ts";
import { aDoor, aServerBehind } from "../support/door.ts";

test("W41 a server gets its credentials from their files, in the place of what a client sends, and nobody else reads them", async (t) => {
  const behind = await aServerBehind(t);
  const plain = await aServerBehind(t);
  const folder = aFolder(t, { key: "first-api-key\n", login: "Basic dXNlcjpmaXJzdA==\n" });
  const credentials = `    credentials:
      X-Api-Key: { file: ${join(folder, "key")} }
      Authorization: { file: ${join(folder, "login")} }
`;
  const other = `  - name: plain\n    path: /plain\n    upstream: ${plain.url}\n`;
  const door = await aDoor(t, behind.url, credentials + other);
  const sent = { "x-api-key": "the-client's", x_api_key: "folded", http_x_api_key: "folded" };
  await door.call({ headers: sent });
  const { headers, rawHeaders } = behind.received[0] ?? assert.fail();
  assert.equal(headers["x-api-key"], "first-api-key");
  assert.equal(headers.authorization, "Basic dXNlcjpmaXJzdA==");
  assert.ok(!rawHeaders.includes("folded"));

  writeFileSync(join(folder, "key"), "second-api-key");
  const yaml = `servers:\n  - name: notes\n    path: /mcp\n    upstream: ${behind.url}\n${credentials}${other}`;
  await door.server.reload(yaml);
  await door.call();
  assert.equal(behind.received[1]?.headers["x-api-key"], "second-api-key");

  const { access_token: token } = await door.token({ resource: `${door.server.issuer}/plain` });
  await fetch(`${door.server.url}/plain`, {
    headers: { authorization: `Bearer ${token}`, "x-api-key": "stays" },
  });
  const { headers: others } = plain.received[0] ?? assert.fail();
  assert.deepEqual([others["x-api-key"], others.authorization], ["stays", undefined]);

  behind.server.close();
  behind.server.closeAllConnections();
  const failed = await door.call();
  assert.equal(failed.status, 502);
  const metadata = await fetch(`${door.server.url}/.well-known/oauth-protected-resource/mcp`);
  const told = [await failed.text(), await metadata.text(), ...door.server.log].join("\n");
  for (const secret of ["first-api-key", "second-api-key", "dXNlcjpmaXJzdA"]) {
    assert.ok(!told.includes(secret), secret);
  }
});

test("headers that tell who calls can be renamed, and be left out", async (t) => {
  const behind = await aServerBehind(t);
  const identity = "    identity: { subject: X-User, email: false, client: X-Via-Client }\n";
  const door = await aDoor(t, behind.url, identity);
  await door.call({
    headers: { x_user: "forged", "HTTP-X-User": "forged", "x-gatehouse-subject": "forged" },
  });
  const { headers, rawHeaders } = behind.received[0] ?? assert.fail();
  const [account] = await door.server.store.findAccounts("alice@example.com");
  assert.equal(headers["x-user"], account?.subject);
  assert.equal(headers["x-via-client"], door.client.id);
  assert.equal(headers["x-gatehouse-email"], undefined);
  assert.ok(!rawHeaders.includes("forged"));
});
