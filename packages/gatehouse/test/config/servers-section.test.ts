import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { runProgram } from "../../src/commands/program.ts";
import { processShell } from "../../src/commands/shell.ts";
import { selfSigned } from "../support/self-signed.ts";
import { aFolder, errorsOf } from "./config-file.ts";
import { oneLine, production, serversIn } from "./servers.ts";

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
