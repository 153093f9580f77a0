import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { runProgram } from "../../src/commands/program.ts";
import { processShell, type Shell } from "../../src/commands/shell.ts";
import { seconds } from "../../src/oauth/values.ts";
import { startForgedUpstream } from "../support/forged-upstream.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";
import { startAtTerminal, startCommand, untilPrinted } from "./command-line.ts";

const baseUrl = "http://localhost:8080";
const alice = { sub: "alice", email: "alice@example.com", email_verified: true };

let upstream: Upstream;
let environment: Record<string, string>;
before(async () => {
  upstream = await startUpstream({
    redirectUris: [`${baseUrl}/callback`, `${baseUrl}/callback/work`],
    claims: { openid: ["sub", "groups", "name"], email: ["email", "email_verified"], profile: ["sub"] },
    claimsOf: (place) =>
      place === "userinfo"
        ? { ...upstream.account, name: "Alice", groups: ["admins"] }
        : { ...upstream.account },
  });
  environment = {
    BASE_URL: baseUrl,
    UPSTREAM_ISSUER: upstream.issuer,
    OAUTH2_CLIENT_ID: upstream.clientId,
    OAUTH2_CLIENT_SECRET: upstream.clientSecret,
  };
});
after(() => upstream?.close());
beforeEach(() => {
  upstream.account = alice;
});

/** Where the provider sends the browser of whoever opens the link that was printed. */
async function followed(printed: string): Promise<string> {
  const link = /^ {2}(http\S+)$/m.exec(printed)?.[1] ?? "";
  const response = await fetch(link, { redirect: "manual" });
  await response.body?.cancel();
  return response.headers.get("location") ?? "";
}

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command in this process; whoever is asked for the address signs in and gives it. */
async function check(
  args: readonly string[],
  settings = environment,
  shell: Partial<Shell> = {},
): Promise<Outcome> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await runProgram(["check", "provider", ...args], {
    ...processShell(settings),
    random: { bytes: (count) => randomBytes(count) },
    askLine: () => followed(err.join("\n")),
    print: (lines) => void out.push(lines),
    complain: (lines) => void err.push(lines),
    ...shell,
  });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

/** What a table says in the row that begins with this. */
function row(text: string, ...beginning: string[]): string {
  const found = text.split("\n").find((line) => new RegExp(`^${beginning.join(" +")}( |$)`).test(line));
  return found ?? assert.fail(`no row ${beginning.join(" ")} in:\n${text}`);
}

test("V49 a provider is looked at from the command line, and a test sign-in shows what becomes of each claim and leaves nothing", async (t) => {
  await t.test("what it publishes, its clock, our secret, and the redirect URI to register", async () => {
    const { code, out } = await check(["--no-sign-in"]);
    assert.equal(code, 0, out);
    assert.match(row(out, "discovery"), / ok .*\/\.well-known\/openid-configuration$/);
    assert.match(row(out, "keys"), / ok .*1 at http.*\/jwks$/);
    assert.match(row(out, "clock"), / ok .* s (behind|ahead of) this computer's$/);
    assert.match(row(out, "secret"), / ok .*taken$/);
    assert.match(
      row(out, "redirect URI"),
      /http:\/\/localhost:8080\/callback \(register exactly this there\)$/,
    );
  });

  await t.test("a sign-in, claim by claim", async () => {
    const { code, out } = await check([]);
    assert.equal(code, 0, out);
    assert.match(row(out, "ID token", "iss"), /checked: the provider's$/);
    assert.match(row(out, "ID token", "sub"), /"alice" +the person, with iss$/);
    assert.match(row(out, "ID token", "email"), /"alice@example\.com" +the address$/);
    assert.match(row(out, "ID token", "email_verified"), /true +proof of the address$/);
    assert.match(row(out, "ID token", "nonce"), /… +checked: of this attempt$/);
    assert.match(row(out, "subject"), /alice$/);
    assert.match(row(out, "address"), /alice@example\.com$/);
  });

  await t.test("one of the file, with what comes from userinfo", async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "gatehouse-check-"));
    t.after(() => rm(folder, { recursive: true }));
    const file = join(folder, "gatehouse.yaml");
    const { issuer, clientId, clientSecret } = upstream;
    await writeFile(
      file,
      `providers:\n  - ${JSON.stringify({
        ...{ name: "work", preset: "keycloak", issuer, client_id: clientId },
        ...{ client_secret: clientSecret, domains: ["example.com"] },
      })}\n`,
      { mode: 0o600 },
    );
    const settings = { BASE_URL: baseUrl, GATEHOUSE_CONFIG: file };
    const { code, out } = await check(["work"], settings);
    assert.equal(code, 0, out);
    assert.match(row(out, "redirect URI"), /\/callback\/work /);
    assert.match(row(out, "userinfo", "sub"), /compared: it is the ID token's$/);
    assert.match(row(out, "userinfo", "email"), /not used, the ID token has it$/);
    assert.match(row(out, "userinfo", "name"), /"Alice" +the name shown$/);
    assert.match(row(out, "userinfo", "groups"), /\["admins"\] +groups: 1$/);
    assert.match(row(out, "groups"), /admins$/);
    const unknown = await check(["wrok"], settings);
    assert.deepEqual([unknown.code, unknown.err], [2, "gatehouse: there is no provider wrok, only work"]);
  });

  await t.test("somebody who would be refused", async () => {
    upstream.account = { ...alice, email_verified: false };
    const { code, out, err } = await check([]);
    assert.equal(code, 1);
    assert.match(row(out, "ID token", "email_verified"), /false +proof of the address$/);
    assert.match(err, /nobody would be signed in: the address is not proven: email_verified is false/);
  });

  await t.test("no token, code or secret is printed, and no database is made", async () => {
    let pasted = "";
    const { out, err } = await check([], environment, {
      askLine: async () => "http://localhost:8080/callback?code=the-code-itself&state=another",
    });
    assert.match(err, /another attempt's state/);
    pasted += out + err;
    const good = await check([]);
    pasted += good.out + good.err;
    assert.doesNotMatch(pasted, /eyJ|the-code-itself|upstream's secret|code_verifier/);
    assert.match(good.err, /code_challenge=/, "the link is there");
  });

  await t.test("nobody at hand", async () => {
    const { code, err } = await check([], environment, { askLine: async () => undefined });
    assert.equal(code, 0);
    assert.match(err, /No test sign-in was made/);
    assert.equal((await check([], environment, { askLine: async () => "callback" })).code, 2);
  });
});

test("a clock, a secret or an issuer that is wrong ends the check of a provider with 1, and says what to do", async () => {
  const late = { now: () => seconds(Date.now() / 1000 + 3600) };
  const clock = await check(["--no-sign-in"], environment, { clock: late });
  assert.equal(clock.code, 1);
  assert.match(row(clock.out, "clock"), /WRONG .*36\d\d s behind this computer's: set one of them by NTP/);

  const secret = await check(["--no-sign-in"], { ...environment, OAUTH2_CLIENT_SECRET: "guessed" });
  assert.equal(secret.code, 1);
  assert.match(
    row(secret.out, "secret"),
    /WRONG .*refused, 401 .*invalid_client.*check OAUTH2_CLIENT_ID and/,
  );
  assert.doesNotMatch(secret.out, /guessed/);

  const issuer = await check(["--no-sign-in"], { ...environment, UPSTREAM_ISSUER: `${upstream.issuer}/` });
  assert.equal(issuer.code, 1);
  assert.match(row(issuer.out, "reachable"), /WRONG .*a slash at the end counts: set UPSTREAM_ISSUER=/);

  const json = await check(["--json"]);
  assert.equal(json.code, 0);
  const [facts] = JSON.parse(json.out) as [
    { redirectUri: string; findings: { what: string; good: boolean }[] },
  ];
  assert.equal(facts.redirectUri, `${baseUrl}/callback`);
  assert.ok(facts.findings.every(({ good }) => good));
});

test("a check of passkeys says that there is nothing to register, and signs nobody in", async () => {
  const { code, out, err } = await check([], { BASE_URL: baseUrl, PASSKEYS: "on" });
  assert.equal(code, 0, err);
  assert.match(row(out, "redirect URI"), /none: these are accounts of this server/);
  const nothing = await check([], { BASE_URL: baseUrl });
  assert.deepEqual([nothing.code, nothing.err], [2, "gatehouse: no identity provider is configured"]);
});

test("a token endpoint that does not say whether the secret is right is not called wrong", async (t) => {
  const odd = await startForgedUpstream();
  t.after(() => odd.close());
  odd.answers.set("/token", (_, response) => response.writeHead(400).end('{"error":"invalid_request"}'));
  const settings = {
    BASE_URL: baseUrl,
    UPSTREAM_ISSUER: odd.issuer,
    OAUTH2_CLIENT_ID: odd.clientId,
    OAUTH2_CLIENT_SECRET: odd.clientSecret,
  };
  const { code, out } = await check(["--no-sign-in"], settings);
  assert.equal(code, 0);
  assert.match(row(out, "secret"), /\? .*only a sign-in can tell/);
});

test("the address is pasted into the command as it runs at a terminal; elsewhere nobody is asked", async (t) => {
  const elsewhere = startCommand(["check", "provider"], environment);
  const unasked = untilPrinted(elsewhere, /No test sign-in was made/);
  const over = once(elsewhere, "close");
  assert.doesNotMatch(await unasked, /^> /m, "and it does not wait for an input that is left open");
  assert.deepEqual((await over)[0], 0);

  const child = startAtTerminal(["check", "provider"], environment);
  if (child === undefined) return t.skip("no terminal can be made here");
  const printed = await untilPrinted(child, /\n[^\n]*> [^\n]*$/);
  const ended = once(child, "close");
  const shown = untilPrinted(child, /WOULD SIGN IN[\s\S]*address/);
  child.stdin?.end(`${await followed(printed)}\n`);
  assert.match(await shown, /alice@example\.com/);
  assert.deepEqual((await ended)[0], 0);
});
