import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { runProgram } from "../../src/commands/program.ts";
import { processShell } from "../../src/commands/shell.ts";
import { loadConfig } from "../../src/config/config.ts";
import { accessRulesOf } from "../../src/config/sections/access-rules.ts";
import { ownPaths } from "../../src/config/sections/server-checks.ts";
import { serverRoutes } from "../../src/http/routes.ts";
import type { AuthorizationServer } from "../../src/oauth/authorization-server.ts";
import { endpointUrls } from "../../src/oauth/messages/endpoint-urls.ts";
import { shortIdOf } from "../../src/oauth/resource.ts";
import type { ResourceIdentifier } from "../../src/oauth/values.ts";
import { selfSigned } from "../support/self-signed.ts";
import { aFolder, errorsOf } from "./config-file.ts";

const production = { BASE_URL: "https://auth.example.com" };

function serversIn(t: TestContext, yaml: string, environment: Record<string, string> = production) {
  const configPath = join(aFolder(t, { "gatehouse.yaml": yaml }), "gatehouse.yaml");
  return loadConfig({ environment, configPath }, "command");
}

const oneLine = (errors: ReturnType<typeof errorsOf>) =>
  errors.map(({ variable, place, found }) => `${/\d+:\d+$/.exec(place ?? "")?.[0]} ${variable}: ${found}`);

/** The errors of one server with these lines, at `upstream` unless they say otherwise. */
function refused(t: TestContext, lines: string, environment: Record<string, string> = production) {
  const upstream = /upstream|command/.test(lines) ? "" : "upstream: http://127.0.0.1:3000/mcp, ";
  return errorsOf(t, `servers:\n  - { name: notes, ${upstream}${lines} }\n`, environment);
}

test("a server needs a name and an upstream, and everything else has its default", (t) => {
  const { servers } = serversIn(t, "servers:\n  - { name: notes, upstream: http://127.0.0.1:3000/mcp }\n");
  const [server] = servers;
  assert.deepEqual(server, {
    name: "notes",
    title: undefined,
    address: "https://auth.example.com/mcp",
    backend: {
      kind: "http",
      url: new URL("http://127.0.0.1:3000/mcp"),
      socketPath: undefined,
      authorities: [],
      keepsHost: false,
      credentials: {},
      timeouts: { connectMs: 5000, firstByteMs: 300_000, silenceMs: 60_000 },
    },
    scopes: [],
    baseScopes: [],
    permissions: { tools: undefined, resources: undefined, prompts: undefined },
    list: "obtainable",
    identityHeaders: {
      subject: "X-Gatehouse-Subject",
      email: "X-Gatehouse-Email",
      name: "X-Gatehouse-Name",
      groups: "X-Gatehouse-Groups",
      client: "X-Gatehouse-Client",
      scope: "X-Gatehouse-Scope",
    },
    assertion: false,
    origins: [],
    limits: { callsPerMinute: undefined, tools: {} },
    auditedArguments: {},
    maxCallSeconds: 3600,
    keepAliveSeconds: 25,
  });
});

test("every setting of a server over HTTP and of one over stdio is read, secrets from their files", async (t) => {
  const { cert: certificate } = selfSigned;
  const folder = aFolder(t, {
    key: "s3cret-of-the-server\n",
    token: "for the child\n",
    "ca.pem": certificate,
  });
  const { servers } = serversIn(
    t,
    `servers:
  - name: notes
    title: My notes
    path: /notes/mcp
    upstream: https://notes.internal/mcp?tenant=1
    scopes: [{ name: read, sentence: Read them, default: true }, { name: write }]
    base_scope: [read]
    tools: { "delete_*": write, "*": read }
    resources: { "notes://*": read }
    prompts: { "*": read }
    list: granted
    identity: { email: X-User, groups: false }
    assertion: true
    credentials: { Authorization: { file: "${join(folder, "key")}" }, X-Api-Key: Plain text }
    ca_file: "${join(folder, "ca.pem")}"
    host_header: keep
    origins: ["https://App.example.com", "null"]
    limits: { calls_per_minute: 60, tools: { search: 10 } }
    timeouts: { connect: 2s, first_byte: 2h, silence: 90 }
    keep_alive: 0
    max_call: 10m
    audited_arguments: { delete_note: [id] }
  - name: files
    host: files.example.com
    command: [npx, -y, some-server, "--flag", ""]
    per: person
    environment: { TOKEN: { file: "${join(folder, "token")}" }, MODE: fast }
    folder: "${folder}"
    max_children: 7
    max_children_per_person: 2
    idle: 5m
    first_answer: 10s
  - { name: socket, path: /socket, upstream: "unix:/run/x.sock:/mcp" }
`,
  );
  const [notes, files, socket] = servers;
  assert.ok(
    notes?.backend.kind === "http" && files?.backend.kind === "stdio" && socket?.backend.kind === "http",
  );
  const { backend: overHttp, scopes, ...aboutNotes } = notes;
  assert.deepEqual(scopes, [
    { name: "read", sentence: "Read them", isDefault: true },
    { name: "write", sentence: undefined },
  ]);
  assert.deepEqual(aboutNotes, {
    name: "notes",
    title: "My notes",
    address: "https://auth.example.com/notes/mcp",
    baseScopes: ["read"],
    permissions: {
      tools: { "delete_*": "write", "*": "read" },
      resources: { "notes://*": "read" },
      prompts: { "*": "read" },
    },
    list: "granted",
    identityHeaders: {
      subject: "X-Gatehouse-Subject",
      email: "X-User",
      name: "X-Gatehouse-Name",
      groups: undefined,
      client: "X-Gatehouse-Client",
      scope: "X-Gatehouse-Scope",
    },
    assertion: true,
    origins: ["https://app.example.com", "null"],
    limits: { callsPerMinute: 60, tools: { search: 10 } },
    auditedArguments: { delete_note: ["id"] },
    maxCallSeconds: 600,
    keepAliveSeconds: 0,
  });
  const { authorities, ...connection } = overHttp;
  assert.match(authorities.join(), /^-----BEGIN CERTIFICATE-----/);
  assert.deepEqual(connection, {
    kind: "http",
    url: new URL("https://notes.internal/mcp?tenant=1"),
    socketPath: undefined,
    keepsHost: true,
    credentials: { Authorization: "s3cret-of-the-server", "X-Api-Key": "Plain text" },
    timeouts: { connectMs: 2000, firstByteMs: 7_200_000, silenceMs: 90_000 },
  });
  assert.equal(files.address, "https://files.example.com/mcp");
  assert.deepEqual(files.backend, {
    kind: "stdio",
    command: ["npx", "-y", "some-server", "--flag", ""],
    folder,
    inherited: {},
    environment: { TOKEN: "for the child", MODE: "fast" },
    per: "person",
    maxChildren: 7,
    maxChildrenPerPerson: 2,
    idleSeconds: 300,
    firstAnswerMs: 10_000,
  });
  assert.deepEqual([socket.backend.socketPath, socket.backend.url.pathname], ["/run/x.sock", "/mcp"]);
});

test("W03 a start is refused, with all errors at once, for upstreams that cannot be meant, and for two servers at one address", (t) => {
  const errors = errorsOf(
    t,
    `servers:
  - { name: a, upstream: "ftp://127.0.0.1/mcp" }
  - { name: b, path: /b, upstream: "http://ada:hunter2@127.0.0.1/mcp" }
  - { name: c, path: /c, upstream: "http://127.0.0.1/mcp#x" }
  - { name: d, path: /d, upstream: "http://127.0.0.1:8080/mcp" }
  - { name: e, path: /e, upstream: "https://auth.example.com/other" }
  - { name: f, path: /b, upstream: "http://10.0.0.1/mcp" }
  - { name: g, path: /g, upstream: "http://mcp.example.org/mcp" }
  - { name: h, path: /h, upstream: "http://mcp.example.org/mcp", plain: true }
  - { name: a, path: /i, upstream: "http://8.8.8.8/mcp" }
  - { name: j, path: /j, upstream: "notes" }
  - { name: k, path: /k }
  - { name: l, path: /token, upstream: "http://127.0.0.1:3000/", command: [npx] }
`,
    production,
  );
  assert.deepEqual(oneLine(errors), [
    "7:22 servers[5].path: the address https://auth.example.com/b, which another has",
    "10:13 servers[8].name: the same as another",
    "2:26 servers[0].upstream: the scheme ftp:",
    "3:36 servers[1].upstream: a URL with user information",
    "4:36 servers[2].upstream: a URL with a fragment",
    "5:36 servers[3].upstream: this server itself",
    "6:36 servers[4].upstream: this server itself",
    "8:36 servers[6].upstream: plain http to an address that is neither this computer's nor private",
    "10:36 servers[8].upstream: plain http to an address that is neither this computer's nor private",
    "11:36 servers[9].upstream: no URL",
    "12:5 servers[10].upstream: neither",
    '13:22 servers[11].path: "/token"',
    "13:75 servers[11].command: both",
  ]);
  assert.doesNotMatch(JSON.stringify(errors), /hunter2/);
});

test("W-n40 a door that leads to itself, and doors in a ring, are refused at the start, however their address is written", (t) => {
  for (const upstream of [
    "http://localhost:8080/mcp",
    "http://LOCALHOST.:8080/elsewhere",
    "http://127.0.0.1:8080/mcp",
    "http://127.1:8080/mcp",
    "http://2130706433:8080/",
    "http://[::1]:8080/mcp",
    "http://[::ffff:127.0.0.1]:8080/mcp",
    "http://0.0.0.0:8080/mcp",
    "http://notes.localhost:8080/mcp",
    "https://auth.example.com/mcp",
    "https://AUTH.example.com:443/mcp",
    "https://auth.example.com./mcp",
  ]) {
    assert.deepEqual(
      oneLine(refused(t, `upstream: "${upstream}"`)).map((line) => line.replace(/^\S+ /, "")),
      ["servers[0].upstream: this server itself"],
      upstream,
    );
  }
  const ring = `servers:
  - { name: a, host: a.example.com, upstream: "https://b.example.com/mcp" }
  - { name: b, host: b.example.com, upstream: "https://a.example.com/mcp" }
`;
  assert.deepEqual(oneLine(errorsOf(t, ring, production)), [
    "2:47 servers[0].upstream: this server itself",
    "3:47 servers[1].upstream: this server itself",
  ]);
  assert.deepEqual(refused(t, 'upstream: "http://localhost:8081/mcp"'), [], "another port is another server");
});

test("plain http is for this computer and networks of one's own, unless it is said to be meant", (t) => {
  for (const host of [
    "localhost:3000",
    "[::1]:3000",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.7",
    "[fd00::1]",
    "notes", // a container's name
    "notes.local",
    "notes.default.svc.cluster.local",
    "notes.default.svc",
    "notes.corp.internal",
  ]) {
    assert.deepEqual(refused(t, `upstream: "http://${host}/mcp"`), [], host);
  }
  for (const host of [
    "example.com",
    "172.32.0.1",
    "169.254.169.254",
    "[fe80::1]",
    "[2001:db8::1]",
    "100.64.0.1",
  ]) {
    const [error] = refused(t, `upstream: "http://${host}/mcp"`);
    assert.match(error?.expected ?? "", /^https, or plain: true/, host);
    assert.deepEqual(refused(t, `upstream: "http://${host}/mcp", plain: true`), [], host);
    assert.deepEqual(refused(t, `upstream: "https://${host}/mcp"`), [], host);
  }
});

test("scopes that are listed are all there are; where none is listed, those that are named are", (t) => {
  const { servers } = serversIn(
    t,
    `servers:
  - name: notes
    upstream: http://127.0.0.1:3000/mcp
    base_scope: base
    tools: { "delete_*": write, "*": read }
    prompts: { "*": read }
`,
  );
  assert.deepEqual(
    servers[0]?.scopes.map(({ name }) => name),
    ["base", "write", "read"],
  );
  const errors = errorsOf(
    t,
    `servers:
  - name: notes
    upstream: http://127.0.0.1:3000/mcp
    scopes: [{ name: read }, { name: read }, { name: b, default: true, optional: true }]
    base_scope: [read, base]
    tools: { "delete_*": wirte, "*": read }
    resources: { "x://*": other }
    who:
      - { allow: { everyone: true }, scopes: [admin] }
`,
    production,
  );
  assert.deepEqual(oneLine(errors), [
    "4:38 servers[0].scopes[1].name: the same as another",
    "4:82 servers[0].scopes[2].optional: true beside default: true",
    '5:24 servers[0].base_scope[1]: "base"',
    '6:26 servers[0].tools.delete_*: "wirte"',
    '7:27 servers[0].resources.x://*: "other"',
    "9:47 servers[0].who[0].scopes[0]: admin",
  ]);
});

test("two rules that are equally close to one tool and ask for different scopes are an error, with its line", (t) => {
  const errors = errorsOf(
    t,
    `servers:
  - name: notes
    upstream: http://127.0.0.1:3000/mcp
    tools: { "get_*": read, "list_*": write, "*": read }
    prompts:
      "daily_*": read
      "*_notes": write
      Note: read
      note: write
`,
  );
  assert.deepEqual(oneLine(errors), [
    '7:18 servers[0].prompts.*_notes: "write" for what "daily_*" gives "read" for as well',
    '9:13 servers[0].prompts.note: "write" for what "Note" gives "read" for as well',
  ]);
});

test("what a server gets in its headers stays apart, and never takes the place of what HTTP and MCP mean", (t) => {
  const found = (lines: string) => oneLine(refused(t, lines)).map((line) => line.replace(/^\S+ /, ""));
  assert.deepEqual(found("identity: { subject: Host }"), ['servers[0].identity.subject: "Host"']);
  assert.deepEqual(found("identity: { subject: MCP-Session-Id }"), [
    'servers[0].identity.subject: "MCP-Session-Id"',
  ]);
  assert.deepEqual(found("identity: { email: X_User, name: x-user }"), [
    'servers[0].identity.name: "x-user"',
  ]);
  assert.deepEqual(found("credentials: { Content-Length: '5' }"), [
    "servers[0].credentials.Content-Length: a value for it",
  ]);
  assert.deepEqual(found("credentials: { X-Gatehouse-Email: x }"), [
    "servers[0].credentials.X-Gatehouse-Email: a value for it",
  ]);
  assert.deepEqual(found("credentials: { X-Key: a, x_key: b }"), [
    "servers[0].credentials.x_key: it for the second time",
  ]);
  assert.deepEqual(found('credentials: { X-Key: "a\\r\\nX-Gatehouse-Email: eve" }'), [
    "servers[0].credentials.X-Key: a text",
  ]);
  assert.deepEqual(found("credentials: { Cookie: a=b, Authorization: Bearer x }"), []);
});

test("settings of the one kind of servers are refused beside the other", (t) => {
  const found = (lines: string) => refused(t, lines).map(({ variable }) => variable);
  assert.deepEqual(found("per: person, environment: { A: b }, idle: 5m"), [
    "servers[0].per",
    "servers[0].environment",
    "servers[0].idle",
  ]);
  assert.deepEqual(found("command: [x], credentials: { A: b }, plain: true, assertion: true"), [
    "servers[0].plain",
    "servers[0].credentials",
    "servers[0].assertion",
  ]);
  assert.deepEqual(found('command: [" "]'), ["servers[0].command"]);
  assert.deepEqual(found("command: npx some-server"), ["servers[0].command"]);
  assert.deepEqual(found("command: [x], folder: /nowhere/at/all"), ["servers[0].folder"]);
});

test("who may use a server is said beside it or under access:, never both, and rules under access: know its scopes", (t) => {
  const server = `servers:
  - name: notes
    upstream: http://127.0.0.1:3000/mcp
    scopes: [{ name: read }, { name: write }]
`;
  const who = `${server}    who:
      - { allow: { domain: [Example.com] } }
      - { allow: { everyone: true }, scopes: [read] }
`;
  const address = "https://auth.example.com/mcp";
  for (const key of [address, shortIdOf(address as ResourceIdentifier)]) {
    const access = (scope: string) =>
      `access:\n  resources:\n    ${key}: [{ allow: { everyone: true }, scopes: [${scope}] }]\n`;
    const [error, ...more] = errorsOf(t, who + access("read"), production);
    assert.deepEqual([error?.variable, more], ["servers[0].who", []]);
    assert.deepEqual(errorsOf(t, server + access("read"), production), []);
    const [unknown] = errorsOf(t, server + access("raed"), production);
    assert.match(unknown?.expected ?? "", /^a scope of it: read, write$/);
  }
  const rules = accessRulesOf(serversIn(t, who));
  assert.equal(rules?.signIn, undefined);
  assert.deepEqual(rules?.resources.get(address), [
    { effect: "allow", match: { domain: ["example.com"] }, name: "servers[0].who[0]" },
    { effect: "allow", match: { everyone: true }, name: "servers[0].who[1]", scopes: ["read"] },
  ]);
});

test("no server stands where this one has a page of its own, and none where the resources: are", (t) => {
  const endpoints = new Proxy({}, { get: () => () => () => undefined }) as unknown as AuthorizationServer;
  for (const issuer of ["https://auth.example.com", "https://auth.example.com/below"]) {
    const { basePath } = endpointUrls(issuer);
    for (const { path } of serverRoutes(endpointUrls(issuer), endpoints, ["work"])) {
      if (path === "/" || path === `${basePath}/`) continue;
      const isOwn = [...ownPaths, ...ownPaths.map((own) => basePath + own), basePath].some(
        (own) => path === own || path.startsWith(`${own}/`),
      );
      assert.ok(isOwn, path);
    }
  }
  for (const path of [
    "/token",
    "/.well-known/x",
    "/below/authorize",
    "/below",
    "/mcp/",
    "/..",
    "/a/../b",
    "mcp",
  ]) {
    const errors = refused(t, `path: "${path}"`, { BASE_URL: "https://auth.example.com/below" });
    assert.equal(errors.length, 1, path);
  }
  const yaml = `resources:
  - { identifier: "https://auth.example.com/mcp", credential: gatehouse_rs_${"a".repeat(40)} }
servers:
  - { name: notes, upstream: "http://127.0.0.1:3000/mcp" }
`;
  assert.deepEqual(oneLine(errorsOf(t, yaml, production)), [
    "4:5 servers[0].path: the address https://auth.example.com/mcp",
  ]);
  assert.equal(refused(t, "host: notes.example.com", { BASE_URL: "http://localhost:8080" }).length, 1);
  assert.deepEqual(refused(t, "host: notes.localhost", { BASE_URL: "http://localhost:8080" }), []);
});

test("config show tells everything of a server but its secrets", async (t) => {
  const yaml = `servers:
  - name: notes
    upstream: http://127.0.0.1:3000/mcp
    credentials: { Authorization: Bearer s3cret }
  - { name: files, path: /files, command: [x], environment: { TOKEN: s3cret } }
`;
  const configPath = join(aFolder(t, { "gatehouse.yaml": yaml }), "gatehouse.yaml");
  const said: string[] = [];
  const print = (text: string) => void said.push(text);
  await runProgram(["--config", configPath, "config", "show"], {
    ...processShell({}),
    print,
    complain: print,
  });
  const lines = said.join("\n");
  assert.doesNotMatch(lines, /s3cret/);
  assert.match(lines, /servers\[0\]\.credentials\.Authorization +set +\S+:4:35/);
  assert.match(lines, /servers\[1\]\.environment\.TOKEN +set/);
  assert.match(lines, /servers\[0\]\.upstream +http:\/\/127\.0\.0\.1:3000\/mcp/);
});

test("a command is refused beside several workers, because a session's process is in one of them", (t) => {
  const yaml = "servers:\n  - { name: files, command: [x] }\n";
  const errors = oneLine(errorsOf(t, yaml, { ...production, WORKERS: "2" }));
  assert.deepEqual(errors, ["2:29 servers[0].command: it, with 2 workers"]);
  assert.equal(serversIn(t, yaml, { ...production, WORKERS: "1" }).servers.length, 1);
});

test("every piece of YAML in docs/gateway.md is what it says it is", (t) => {
  const text = readFileSync(join(import.meta.dirname, "../../../../docs/gateway.md"), "utf8");
  const pieces = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, yaml = ""]) => yaml);
  assert.ok(pieces.length > 5);
  const groups = `providers:
  - { name: work, kind: openid, issuer: "https://idp.example", client_id: x, client_secret: y, groups_claim: groups, domains: "*" }
`;
  for (const piece of pieces) {
    // Of a single setting the server it belongs to is left out.
    const yaml = piece.includes("servers:")
      ? piece
      : `servers:\n  - name: notes\n    upstream: http://127.0.0.1:3000/mcp\n${piece}`;
    const errors = errorsOf(t, yaml + groups, production);
    const wrong = errors.filter(({ found }) => !/\/run\/secrets|\/etc\/ssl|\/srv\/files/.test(found));
    assert.deepEqual(oneLine(wrong), [], yaml);
  }
});
