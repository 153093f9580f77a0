import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { aLegacyClient, aLegacyCode } from "../support/legacy-client.ts";
import { aCode, aPublicClient, pkce, redeem, type TestClient } from "../support/oauth-client.ts";
import { UserAgent } from "../support/user-agent.ts";

/*
 * The table of refusals in docs/compatibility.md, row by row, for both kinds of client, and what the service
 * before us leaves with a browser.
 */

let server: TestGatehouse;
let web: TestClient;
let mcp: TestClient;
let other: TestClient;

before(async () => {
  server = await startTestGatehouse();
  web = await aLegacyClient(server);
  mcp = await aPublicClient(server);
  other = await aPublicClient(server);
});
after(() => server?.stop());

interface Row {
  readonly name: string;
  readonly form: Record<string, string | undefined>;
  readonly status: number;
  readonly error: string;
  /** Whether the code is good afterwards. */
  readonly untouched: boolean;
}

const row = (
  name: string,
  form: Row["form"],
  [status, error]: readonly [number, string],
  untouched = true,
): Row => ({
  name,
  form,
  status,
  error,
  untouched,
});
const unauthorized = [401, "invalid_client"] as const;
const malformed = [400, "invalid_request"] as const;
const refused = [400, "invalid_grant"] as const;
const unsupported = [400, "unsupported_grant_type"] as const;
const missing = (name: string) => row(`missing ${name}`, { [name]: undefined }, malformed);
const unknownCode = `gatehouse_ac_${randomBytes(32).toString("base64url")}`;

async function check(client: TestClient, code: () => Promise<string>, rows: readonly Row[]): Promise<void> {
  for (const { name, form, status, error, untouched } of rows) {
    const issued = await code();
    // The old web client sends no more than this.
    const usual = client.secret === undefined ? {} : { code_verifier: undefined, redirect_uri: undefined };
    const answer = await redeem(server, client, issued, { ...usual, ...form });
    assert.deepEqual([answer.status, answer.body.error], [status, error], name);
    assert.match(String(answer.body.error_description), /^[\x20-\x7E]{5,}$/, `${name}: says why`);
    assert.equal(answer.headers.get("cache-control"), "no-store", name);
    assert.equal(answer.body.access_token, undefined, name);
    const again = await redeem(server, client, issued, usual);
    assert.equal(again.status, untouched ? 200 : 400, `${name}: the code afterwards`);
    assert.equal((await redeem(server, client, issued, usual)).body.error, "invalid_grant", "used");
  }
}

test("LEGACY the token endpoint refuses the web client as the table says, and leaves the code as it says", async () => {
  await check(web, () => aLegacyCode(server, web), [
    row("unknown client_id", { client_id: "nobody" }, unauthorized),
    row("wrong secret", { client_secret: "wrong" }, unauthorized),
    missing("client_secret"),
    missing("code"),
    missing("client_id"),
    row("unknown code", { code: unknownCode }, refused),
    row("a code of another client", { code: await aCode(server, mcp) }, refused),
    row("another redirect_uri", { redirect_uri: "https://app.example.com/auth/x" }, refused, false),
    row("another grant type", { grant_type: "client_credentials" }, unsupported),
    row("another grant type, empty", { grant_type: "password", code: undefined }, unsupported),
  ]);
});

test("LEGACY the token endpoint refuses a public client as the table says, and leaves the code as it says", async () => {
  await check(mcp, () => aCode(server, mcp), [
    row("unknown client_id", { client_id: "nobody" }, unauthorized),
    missing("code"),
    missing("client_id"),
    missing("code_verifier"),
    missing("grant_type"),
    row("unknown code, no verifier", { code: unknownCode, code_verifier: undefined }, malformed),
    row("unknown code", { code: unknownCode }, refused),
    row("a code of another client", { code: await aCode(server, other) }, refused),
    row("wrong verifier", { code_verifier: pkce().verifier }, refused, false),
    row("another redirect_uri", { redirect_uri: `${mcp.redirectUri}2` }, refused, false),
    row("another grant type", { grant_type: "password" }, unsupported),
  ]);
});

test("LEGACY a sign-in under way at the switch starts anew, with a page that says so", async () => {
  const agent = new UserAgent();
  // As the service before us set it: the session's id, in clear, beside its state at the provider.
  agent.setCookie(server.url, "s", randomBytes(32).toString("base64url"));
  const state = randomBytes(32).toString("base64url");
  const response = await agent.request(`${server.url}/callback?state=${state}&code=x`);
  assert.equal(response.status, 400);
  assert.equal(response.headers.get("location"), null);
  assert.match(await response.text(), /Go back to your app and start again/);
});
