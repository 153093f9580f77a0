import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { Writable } from "node:stream";
import { type TestContext, test } from "node:test";
import type { Config } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/config.ts";
import { signInAttempt, startAttempt } from "../../src/oauth/authorization/attempt.ts";
import { endpointUrls } from "../../src/oauth/messages/endpoint-urls.ts";
import type { Warnings } from "../../src/readiness.ts";
import { lookFromHere } from "../../src/start/look-around.ts";
import { createSignIn } from "../../src/start/sign-in.ts";
import { systemClock } from "../../src/start/system.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { aFolder } from "../config/config-file.ts";
import { startForgedUpstream } from "../support/forged-upstream.ts";

const issuer = "https://auth.example.com";
const credentials = "client_id: id, client_secret: secret";
const github = (rest: string) => `  - { name: github, kind: github, ${credentials}, ${rest} }\n`;
const work = (at: string, rest: string) =>
  `  - { name: work, kind: openid, title: Work, issuer: "${at}", ${credentials}, ${rest} }\n`;

function load(t: TestContext, providers: string, environment: Record<string, string> = {}): Config {
  const configPath = `${aFolder(t, { "gatehouse.yaml": `providers:\n${providers}` })}/gatehouse.yaml`;
  return loadConfig({ environment: { BASE_URL: issuer, ...environment }, configPath }, "serve");
}

function aLog() {
  const lines: Record<string, unknown>[] = [];
  const sink = new Writable({
    write(line, _encoding, done) {
      lines.push(JSON.parse(String(line)));
      done();
    },
  });
  return { lines, log: createLog({ level: "info", format: "json", tokenPrefixes: ["gatehouse_at_"] }, sink) };
}

const anAttempt = () => signInAttempt(startAttempt({ bytes: randomBytes }), "select_account");

test("each configured provider sends people to its own callback, in the operator's order", async (t) => {
  const upstream = await startForgedUpstream();
  t.after(() => upstream.close());
  const environment = {
    OAUTH2_CLIENT_ID: "our-id",
    OAUTH2_CLIENT_SECRET: "our-secret",
    UPSTREAM_ISSUER: upstream.issuer,
    ALLOWED_DOMAINS: "example.com",
  };
  const config = load(t, github('domains: "*"'), environment);
  const { providers } = createSignIn(config, endpointUrls(issuer), systemClock, aLog().log);
  assert.deepEqual(
    providers.all.map(({ name, title, domains }) => [name, title, domains]),
    [
      ["default", new URL(upstream.issuer).host, ["example.com"]],
      ["github", "GitHub", "*"],
    ],
  );
  for (const [name, callback] of [
    ["default", `${issuer}/callback`],
    ["github", `${issuer}/callback/github`],
  ] as const) {
    const url = await providers.find(name)?.signInUrl(anAttempt());
    assert.equal(url?.searchParams.get("redirect_uri"), callback);
  }
  const scope = (await providers.find("default")?.signInUrl(anAttempt()))?.searchParams.get("scope");
  assert.equal(scope, "openid email", "the one of the variables is asked for what it ever was");
  assert.equal(providers.find("work"), undefined);
});

test("a provider that changed is another after a reload, one that did not stays, and a new one waits for a callback", (t) => {
  const { lines, log } = aLog();
  const idp = "https://idp.example.com";
  const before = load(t, work(idp, "domains: [a.example]") + github("domains: [b.example]"));
  const signIn = createSignIn(before, endpointUrls(issuer), systemClock, log);
  const [first, second] = signIn.providers.all;
  signIn.apply(load(t, work(idp, "domains: [a.example]") + github("domains: [b.example]")));
  assert.deepEqual([...signIn.providers.all], [first, second]);
  assert.ok(signIn.providers.find("work") === first, "with the documents and keys it has fetched");

  const changed = work(idp, "domains: [a.example]") + github("domains: [b.example, c.example]");
  signIn.apply(load(t, `${changed}  - { name: anew, preset: google, ${credentials}, domains: "*" }\n`));
  assert.deepEqual(signIn.providers.find("github")?.domains, ["b.example", "c.example"]);
  assert.equal(signIn.providers.find("anew"), undefined);
  assert.deepEqual(lines.at(-1)?.providers, ["anew"]);
  assert.match(String(lines.at(-1)?.msg), /wait for the next start/);

  signIn.apply(load(t, work(idp, "domains: [a.example]")));
  assert.deepEqual(
    signIn.providers.all.map(({ name }) => name),
    ["work"],
  );
});

test("which of several providers cannot be used is told by name, in the log and to readyz; the others are not in its way", async (t) => {
  const upstream = await startForgedUpstream();
  t.after(() => upstream.close());
  const dead = await startForgedUpstream();
  await dead.close();
  const config = load(
    t,
    work(dead.issuer, "domains: [a.example]") +
      `  - { name: other, kind: openid, issuer: "${upstream.issuer}", ${credentials}, domains: [b.example] }\n` +
      github('domains: "*"'),
  );
  const { lines, log } = aLog();
  const warnings: Warnings = new Map();
  const signIn = createSignIn(config, endpointUrls(issuer), systemClock, log);
  assert.deepEqual(
    signIn.discoverable.map((each) => each.config.name),
    ["work", "other"],
    "GitHub publishes nothing that would have to be fetched",
  );
  const store = { listResources: async () => [] } as never;
  const looking = lookFromHere(config, log, store, signIn.discoverable, warnings);
  t.after(() => looking.stop());
  while (warnings.size === 0) await new Promise(setImmediate);
  assert.deepEqual(
    [...warnings],
    [["the identity provider work cannot be used: nobody can sign in through it", "provider"]],
  );
  const told = lines.filter(({ level }) => level === "warn");
  assert.equal(told.length, 1);
  assert.match(
    String(told[0]?.msg),
    /^nobody can sign in through work: .*ECONNREFUSED.*What to check: .*the port in issuer: of the provider work/,
  );
  assert.ok(await signIn.providers.find("other")?.signInUrl(anAttempt()));
});
