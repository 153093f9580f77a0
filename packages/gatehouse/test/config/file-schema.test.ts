import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Ajv } from "ajv";
import { parse } from "yaml";
import { variables } from "../../src/config/environment-variables.ts";
import { fileSchema, settingPaths } from "../../src/config/settings-table.ts";
import { errorsOf } from "./config-file.ts";

const fits = new Ajv({ strict: false }).compile(fileSchema());

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
