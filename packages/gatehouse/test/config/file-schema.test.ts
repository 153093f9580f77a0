import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { Ajv } from "ajv";
import { parse } from "yaml";
import { variables } from "../../src/config/environment-variables.ts";
import { fileSchema, settingPaths } from "../../src/config/settings-table.ts";
import { errorsOf } from "./config-file.ts";

const fits = new Ajv({ strict: false }).compile(fileSchema());

const provider = (more: string) =>
  `providers: [{ name: a, client_id: x, client_secret: { file: ${file} }, domains: [a.example], ${more} }]`;
const server = (more: string) => `servers: [{ name: a, ${more} }]`;
const client = (more: string) => `clients: [{ id: a, redirect_uris: ["https://a.example/"], ${more} }]`;
const rules = (more: string) => `access: { sign_in: [${more}] }`;
/** Whatever secret it is taken for. */
const file = join(mkdtempSync(join(tmpdir(), "gatehouse-schema-")), "secret");
writeFileSync(file, `${"s".repeat(40)}\n`);
after(() => rmSync(dirname(file), { recursive: true }));

/** Files in which each setting alone would be right. */
const contradicting = [
  "providers: [{ name: a }]",
  "providers: [{ name: a, kind: openid, issuer: https://a.example }]",
  "providers: [{ name: a, kind: github }]",
  provider("preset: okta"),
  provider("kind: openid"),
  provider("preset: google, issuer: https://accounts.google.com"),
  provider("preset: google, kind: github"),
  provider("preset: microsoft"),
  provider(`preset: microsoft, tenant: a.example, tenants: [11111111-2222-3333-4444-555555555555]`),
  provider("kind: openid, issuer: https://a.example, tenant: a.example"),
  provider("kind: openid, issuer: https://a.example, host: https://a.example"),
  provider("kind: openid, issuer: https://a.example, organizations: [acme]"),
  provider("kind: openid, issuer: https://a.example, revalidate_grace: 1h"),
  provider("kind: github, issuer: https://a.example"),
  provider("kind: github, backchannel_logout: grants"),
  provider("kind: passkey"),
  client("auth_method: client_secret_basic"),
  client("auth_method: client_secret_post"),
  client(`auth_method: none, secret: { file: ${file} }`),
  client(`auth_method: none, previous_secret: { file: ${file} }`),
  rules("{ allow: {} }"),
  rules("{ allow: { everyone: true, domain: [a.example] } }"),
  rules("{ allow: { everyone: true }, deny: { domain: [a.example] } }"),
  rules("{}"),
  rules("{ deny: { domain: [a.example] } }"),
  "access: {}",
  server("path: /a"),
  server("upstream: http://localhost:3000/mcp, command: [npx]"),
  server("upstream: http://localhost:3000/mcp, per: person"),
  server("command: [npx], timeouts: { connect: 5s }"),
  server("upstream: http://localhost:3000/mcp, scopes: [{ name: a, default: true, optional: true }]"),
];

/** Files beside those, in which all is right. */
const agreeing = [
  provider("preset: okta, issuer: https://a.okta.com"),
  provider("preset: google, kind: openid"),
  provider("preset: microsoft, tenant: 11111111-2222-3333-4444-555555555555"),
  provider("preset: microsoft, tenant: a.example, host: https://login.microsoftonline.us"),
  provider("kind: openid, issuer: https://a.example, revalidate: 24h, revalidate_grace: 1h"),
  provider("kind: github, organizations: [acme], revalidate: 24h"),
  "providers: [{ name: a, kind: passkey, domains: [a.example] }]",
  client("auth_method: none"),
  client(`auth_method: client_secret_basic, secret: { file: ${file} }`),
  rules("{ allow: { everyone: true } }, { deny: { domain: [a.example], address: [b@a.example] } }"),
  server("command: [npx], per: person"),
  server(
    "upstream: http://localhost:3000/mcp, scopes: [{ name: a, default: true }, { name: b, optional: true }]",
  ),
];

test("an editor tells what contradicts itself, or lacks what belongs to it, and nothing that is right", (t) => {
  for (const yaml of contradicting) {
    assert.equal(fits(parse(yaml)), false, yaml);
    assert.ok(errorsOf(t, yaml).length > 0, yaml);
  }
  for (const yaml of agreeing) {
    assert.equal(fits(parse(yaml)), true, `${yaml}: ${JSON.stringify(fits.errors)}`);
    assert.deepEqual(errorsOf(t, yaml), [], yaml);
  }
  const docs = join(import.meta.dirname, "../../../../docs");
  const pages = readdirSync(docs, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".md"),
  );
  const examples = pages.flatMap((name) => {
    const found = readFileSync(join(docs, name), "utf8").matchAll(/```yaml\n([\s\S]*?)```/g);
    return [...found].map(([, yaml = ""]) => [name, yaml] as const);
  });
  const ofOurs = examples.filter(([, yaml]) =>
    /^(?:providers|clients|resources|access|servers):$/m.test(yaml),
  );
  assert.ok(ofOurs.length > 10, `${ofOurs.length} examples`);
  for (const [name, yaml] of ofOurs) {
    assert.equal(fits(parse(yaml)), true, `${name}: ${JSON.stringify(fits.errors)}\n${yaml}`);
  }
});

/** Files that are wrong, of every kind of wrongness that one setting alone can have. */
const broken = `
servre: {}
server: 8080
server: [url]
server: { url: auth.example.com }
server: { url: "https://a.example/?x" }
server: { url: 8080 }
server: { port: "8080" }
server: { port: 65536 }
server: { port: -1 }
server: { port: 80.5 }
server: { port: eighty }
server: { port: true }
server: { port: }
server: { host: "a b" }
server: { host: [a] }
server: { trusted_proxies: loopback }
server: { trusted_proxies: [] }
server: { trusted_proxies: ["10.0.0.0/8, loopback"] }
server: { trusted_proxies: [10] }
server: { workers: 0 }
server: { workers: 257 }
server: { workers: all }
server: { rate_limits: maybe }
server: { rate_limits: 1 }
server: { home_url: example.com }
server: { prot: 1 }
sign_in: { client_id: 123 }
sign_in: { client_secret: { path: /x } }
sign_in: { client_secret: { file: /x, more: 1 } }
sign_in: { client_secret: { file: 1 } }
sign_in: { client_id: { file: /x } }
sign_in: { issuer: accounts.google.com }
sign_in: { allowed_domains: example.com }
sign_in: { allowed_domains: [example] }
sign_in: { allowed_domains: ["*@example.com"] }
sign_in: { session: 1.5h }
sign_in: { session: -1 }
sign_in: { session: 1w }
database: { url: mysql://db/x }
database: { pool_size: 0 }
database: { migrate: "true" }
secrets: { keys: short }
secrets: { keys: [short] }
secrets: { introspection_token: short }
tokens: { prefixes: ["a b"] }
tokens: { default_resource: mcp }
client_documents: { accepted: yes }
client_registration: { assertion_audience: anybody }
log: { level: loud }
log: { format: xml }
development: { demo_port: 0 }
resources: {}
resources: [x]
resources: [{ identifier: "https://a.example/mcp" }]
resources: [{ identifier: a.example, credential: { file: /x } }]
resources: [{ identifier: "https://a.example/mcp#x", credential: { file: /x } }]
resources: [{ identifier: "https://a.example/mcp", credential: short }]
resources: [{ identifier: "https://a.example/mcp", credential: { path: /x } }]
resources: [{ identifier: "https://a.example/mcp", credential: { file: /x }, scopes: { a: b } }]
resources: [{ identifier: "https://a.example/mcp", credential: { file: /x }, scopes: [{ name: a, optional: maybe }] }]
resources: [{ identifier: "https://a.example/mcp", credential: { file: /x }, scope: [] }]
resources: [{ identifier: "https://a.example/mcp", credential: { file: /x }, claims: [email] }]
clients: [{ id: a, auth_method: private_key_jwt, redirect_uris: ["https://a.example/"] }]
clients: [{ id: "a b", auth_method: none, redirect_uris: ["https://a.example/"] }]
clients: [{ id: a, auth_method: none, redirect_uris: [] }]
access: { sign_in: [] }
access: { sign_in: [{ allow: { domain: [] } }] }
access: { sign_in: [{ denny: { domain: [a.example] } }] }
access: { sign_in: [{ allow: { domain: a.example } }] }
access: { resources: { notes: [{ allow: { everyone: true } }] } }
access: { resources: { "https://a.example/mcp": [{ allow: { everyone: true }, scopes: ["a b"] }] } }
servers: {}
servers: [{ upstream: "http://localhost:3000/mcp" }]
servers: [{ name: Notes, upstream: "http://localhost:3000/mcp" }]
servers: [{ name: notes, upstream: "ftp://localhost:3000/mcp" }]
servers: [{ name: notes, upstream: "http://a:b@localhost:3000/mcp" }]
servers: [{ name: notes, upstream: "http://localhost:3000/mcp#x" }]
servers: [{ name: notes, upstream: "http://localhost:3000/mcp", path: mcp }]
servers: [{ name: notes, upstream: "http://localhost:3000/mcp", path: "/mcp/" }]
servers: [{ name: notes, upstream: "http://localhost:3000/mcp", host: "https://a.example" }]
servers: [{ name: notes, upstream: "http://localhost:3000/mcp", tools: { x: "a b" } }]
servers: [{ name: notes, upstream: "http://localhost:3000/mcp", tools: [x] }]
servers: [{ name: notes, upstream: "http://localhost:3000/mcp", list: some }]
servers: [{ name: notes, upstream: "http://localhost:3000/mcp", who: [] }]
servers: [{ name: notes, upstream: "http://localhost:3000/mcp", identity: { user: X-User } }]
servers: [{ name: notes, upstream: "http://localhost:3000/mcp", identity: { email: true } }]
servers: [{ name: notes, upstream: "http://localhost:3000/mcp", credentials: { "X Key": a } }]
servers: [{ name: notes, upstream: "http://localhost:3000/mcp", origins: ["https://a.example/"] }]
servers: [{ name: notes, upstream: "http://localhost:3000/mcp", timeouts: { connect: fast } }]
servers: [{ name: notes, upstream: "http://localhost:3000/mcp", limits: { calls_per_minute: 0 } }]
servers: [{ name: notes, command: npx }]
servers: [{ name: notes, command: [] }]
servers: [{ name: notes, command: [npx], per: everybody }]
servers: [{ name: notes, command: [npx], environment: { "A-B": c } }]
`
  .trim()
  .split("\n");

test("Y14 schema, validator and docs agree: each example passes, each broken file fails both, each variable has its place", (t) => {
  assert.ok(broken.length >= 40);
  for (const yaml of broken) {
    assert.equal(fits(parse(yaml)), false, yaml);
    assert.ok(errorsOf(t, yaml).length > 0, yaml);
  }
  const places = Object.entries(variables).filter(([, about]) => "path" in about);
  assert.equal(places.length, settingPaths.length);
  const placeless = Object.entries(variables).flatMap(([name, about]) => ("path" in about ? [] : [name]));
  assert.deepEqual(placeless, ["SECRET_KEY_FILE"]);
  const docs = readFileSync(join(import.meta.dirname, "../../../../docs/configuration.md"), "utf8");
  const examples = [...docs.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, yaml = ""]) => yaml);
  assert.ok(examples.length > 0);
  for (const yaml of examples) {
    assert.equal(fits(parse(yaml)), true, JSON.stringify(fits.errors));
    assert.match(yaml, /^# yaml-language-server: \$schema=/);
    const errors = errorsOf(t, yaml).filter(({ found }) => !found.includes("/run/secrets/"));
    assert.deepEqual(errors, []);
  }
  for (const path of settingPaths) assert.ok(docs.includes(`| \`${path}\` |`), path);
});
