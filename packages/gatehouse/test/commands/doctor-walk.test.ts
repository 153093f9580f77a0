import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { runProgram } from "../../src/commands/program.ts";
import { processShell, type Shell } from "../../src/commands/shell.ts";
import { startDemoServer } from "../../src/demo/mcp-server.ts";
import { everyClient } from "../../src/insight/doctor/walk/every-client.ts";
import { aFolder } from "../config/config-file.ts";
import { startMcpServer } from "../insight/walk/support/mcp-server.ts";
import { signInAndReturn } from "../insight/walk/support/person.ts";
import { type Faults, startSmallServer } from "../insight/walk/support/small-server.ts";
import { freePort } from "../support/free-port.ts";
import { startTestGatehouse } from "../support/gatehouse.ts";

/*
 * `gatehouse doctor <address>`, as an operator calls it.
 */

interface Told {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs it; whoever is asked to sign in does, and who is asked to agree answers so. */
async function doctor(
  args: readonly string[],
  environment: Record<string, string> = {},
  over: Partial<Shell> = {},
  signIn: (link: string) => Promise<void> = signInAndReturn,
): Promise<Told> {
  const printed = { out: "", err: "" };
  const signingIn: Promise<void>[] = [];
  const code = await runProgram(["doctor", ...args], {
    ...processShell(environment),
    confirm: () => undefined,
    ...over,
    print: (lines) => {
      printed.out += `${lines}\n`;
    },
    complain: (lines) => {
      printed.err += `${lines}\n`;
      const [, link] = /^Sign in here[^\n]*\n {2}(\S+)$/.exec(lines) ?? [];
      if (link !== undefined) signingIn.push(signIn(link));
    },
  });
  await Promise.all(signingIn);
  return { code, ...printed };
}

interface Answer {
  readonly clients: readonly {
    readonly client: string;
    readonly result: string;
    readonly connects: boolean | null;
    readonly findings: readonly { readonly id: string; readonly result: string; readonly finding: string }[];
  }[];
  readonly left: readonly string[];
}

/** Gatehouse with a file for a database, and the demo MCP server. */
async function ourselves(t: TestContext) {
  const port = await freePort();
  const mcp = `http://localhost:${port}/mcp`;
  const folder = aFolder(t, {});
  const server = await startTestGatehouse({ SQL_URL: `sqlite:${join(folder, "gatehouse.db")}` });
  t.after(() => server.stop());
  const credential = await server.addResource(mcp, { mcp: "Use your notes" });
  const { issuer, upstream } = server;
  const demo = await startDemoServer({ issuer, resource: mcp, credential, port, host: "127.0.0.1" });
  t.after(() => demo.close());
  const environment = {
    SQL_URL: `sqlite:${join(folder, "gatehouse.db")}`,
    BASE_URL: issuer,
    SECRET_KEY: "a secret key of the tests of at least 32 characters",
    UPSTREAM_ISSUER: upstream.issuer,
    OAUTH2_CLIENT_ID: upstream.clientId,
    OAUTH2_CLIENT_SECRET: upstream.clientSecret,
    METRICS_LISTEN: "off",
  };
  return { server, mcp, environment };
}

/** How many rows each table has that is about clients, grants and people. */
function rowsIn(url: string): Record<string, number> {
  const database = new DatabaseSync(url.slice("sqlite:".length), { readOnly: true });
  try {
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
    const count = (table: string) =>
      Number(database.prepare(`SELECT count(*) AS n FROM "${table}"`).get()?.n);
    const told = tables.map(({ name }) => String(name)).filter((name) => !/_(?:audit|traces?)/.test(name));
    return Object.fromEntries(told.map((name) => [name, count(name)]));
  } finally {
    database.close();
  }
}

async function others(t: TestContext, faults: Faults = {}) {
  const server = await startSmallServer(t, faults);
  const mcp = await startMcpServer(t, () => ({ servers: [server.issuer] }));
  return { server, mcp };
}

test("Z11 each known client has a line: it will connect, or where it stops, why, and whose mend that is", async (t) => {
  const { mcp, environment } = await ourselves(t);
  const walked = await doctor([mcp], environment);
  const lines = walked.out.split("\n");
  assert.match(
    lines[0] ?? "",
    /The MCP server http:\S+, as 29 clients would find it, up to the sign-in page:/,
  );
  for (const { name } of everyClient) {
    const line = lines.find((text) => text.slice(9).startsWith(`${name}  `));
    assert.ok(line, name);
    if (/signature|operator/.test(name))
      assert.match(line, /^(?:warn|skipped) +.*walk\.(?:authorize|identify): /);
    else assert.match(line, /^ok +.*will connect$/);
  }
  assert.match(walked.out, /warn +ChatGPT, without a signature +walk\.authorize: .*invalid_target/);
  assert.match(walked.out, /→ Whoever runs the authorization server: /);
  assert.equal(walked.code, 0, "who is superseded, or cannot be told, fails nothing");

  const signedIn = await doctor([mcp, "--login", "--client", "claude code", "--json"], environment);
  const { clients } = JSON.parse(signedIn.out) as Answer;
  assert.deepEqual(
    clients.map(({ client, result }) => [client, result]),
    [
      ["Claude Code", "ok"],
      ["Claude Code, in the desktop app", "ok"],
      ["Claude Code, by its document", "ok"],
      ["Claude Code, without scope and resource", "ok"],
    ],
  );
  const steps = ["challenge", "discovery", "identify", "authorize", "token", "refresh"];
  assert.deepEqual(
    clients[0]?.findings.map(({ id }) => id),
    steps.map((step) => `walk.${step}`),
  );
  assert.equal(signedIn.code, 0);

  const { server, mcp: broken } = await others(t, { refusesRedirect: /^http:/ });
  const refused = await doctor([broken, "--client", "Codex", "--yes"]);
  assert.match(
    refused.out,
    /fail +Codex +walk\.identify: Registration refuses http:\/\/127\.0\.0\.1:39127\/callback/,
  );
  assert.match(refused.out, /→ Whoever runs the authorization server: accept this redirect URI/);
  assert.equal(refused.code, 1);
  const issuer = await doctor([server.issuer, "--client", "Cursor", "--yes"]);
  assert.match(issuer.out, /^The authorization server http:/);
});

test("Z12 nothing is registered elsewhere unasked, and what was is removed or named; here no client, grant or person stays", async (t) => {
  const { server: here, mcp, environment } = await ourselves(t);
  const before = rowsIn(environment.SQL_URL);
  const walked = await doctor([mcp, "--login"], environment, { clock: here.clock });
  assert.equal(walked.code, 0, walked.out);
  assert.match(walked.err, /Sign in here, for clients asking for "mcp offline_access", its resource \(/);
  assert.deepEqual([await here.store.listClients(), await here.store.listAccounts()], [[], []]);
  assert.deepEqual(rowsIn(environment.SQL_URL), before);

  const { server, mcp: elsewhere } = await others(t);
  const posts = () => server.asked.filter((line) => line.startsWith("POST /register")).length;
  const unasked = await doctor([elsewhere]);
  assert.match(unasked.err, /registered at http:\S+ as "Gatehouse doctor".*give --yes/);
  assert.match(unasked.out, /skipped +Codex +walk\.identify: Nothing was registered there/);
  await doctor([elsewhere, "--no-register"]);
  await doctor([elsewhere], {}, { confirm: async () => false });
  assert.equal(posts(), 0);

  const questions: string[] = [];
  const confirm = async (question: string) => questions.push(question) > 0;
  const asked = await doctor([elsewhere, "--json"], {}, { confirm });
  assert.equal(questions.length, 1, "once for a server");
  assert.ok(posts() > 10);
  assert.deepEqual([server.registered.size, (JSON.parse(asked.out) as Answer).left], [0, []]);
  const names = new Set(server.names);
  assert.deepEqual([...names], ["Gatehouse doctor"]);

  const { server: keeps, mcp: kept } = await others(t, { keepsRegistrations: true });
  const left = await doctor([kept, "--client", "Codex", "--yes"]);
  const [id] = keeps.registered.keys();
  assert.match(left.err, new RegExp(`Left behind[^\\n]*: ${id}`));
});

test("a client that will be signed out is told of: a refresh token good once, none at all, a token nobody takes", async (t) => {
  const { mcp } = await others(t, { forgives: 0 });
  const forgetting = await doctor([mcp, "--login", "--yes", "--client", "Claude Code", "--client", "SDK v1"]);
  const ends = "will connect, but walk\\.refresh: A refresh token is good once: .* ends the session";
  for (const client of ["Claude Code", "TypeScript SDK v1"]) {
    assert.match(forgetting.out, new RegExp(`fail +${client} +${ends}`));
  }
  assert.equal(forgetting.code, 1);

  const { mcp: once } = await others(t, { forgives: 1 });
  const colliding = await doctor([once, "--login", "--yes", "--client", "Claude Code", "--client", "SDK v1"]);
  assert.match(
    colliding.out,
    /fail +Claude Code +will connect, but .*second of two refreshes at once ends the session/,
  );
  assert.match(colliding.out, /ok +TypeScript SDK v1 +will connect$/m);

  const { mcp: none } = await others(t, { givesNoRefreshToken: true });
  const without = await doctor([none, "--login", "--yes", "--client", "SDK v1"]);
  assert.match(
    without.out,
    /warn +TypeScript SDK v1 +will connect, but walk\.refresh: It is given no refresh token/,
  );
  assert.equal(without.code, 0);

  const server = await startSmallServer(t);
  const deaf = await startMcpServer(t, () => ({ servers: [server.issuer], expired: { has: () => true } }));
  const refused = await doctor([deaf, "--login", "--yes", "--client", "SDK v1"]);
  assert.match(refused.out, /fail +TypeScript SDK v1 +walk\.token: The MCP server does not take the token/);
  assert.match(refused.out, /→ The MCP server's author: /);
  assert.equal(server.revoked.length, 2, "and what was allowed is revoked");
});

test("a report of a walk names each client's steps, and not whose server it is", async (t) => {
  const { mcp } = await ourselves(t);
  const { out } = await doctor([mcp, "--report", "--client", "Claude Code"], {
    OAUTH2_CLIENT_SECRET: "known-secret",
  });
  assert.match(out, /^# gatehouse doctor\n/);
  assert.match(out, /^\| `walk\.[a-z]+` Claude Code/m);
  assert.ok(!out.includes("known-secret"));
});

test("what a server says of itself drives no terminal, and breaks no line", async (t) => {
  const { mcp } = await others(t, {
    refusesRedirect: /./,
    says: "\u001b[2J\u202e\r\nok  Codex  will connect",
  });
  const told = await doctor([mcp, "--client", "Codex", "--yes"]);
  assert.doesNotMatch(told.out.replaceAll("\n", ""), /[\p{Cc}\p{Cf}]/u);
  assert.equal(told.out.split("\n").filter((line) => /^ok/.test(line)).length, 0);
  assert.match(told.out, /walk\.identify: .*\uFFFD\[2J/);
});

test("who refreshes by metadata at the MCP server alone is told of where there are none", async (t) => {
  const { mcp } = await others(t);
  const told = await doctor([mcp, "--client", "mcpc", "--yes"]);
  assert.match(told.out, /warn +mcpc +will connect, but walk\.refresh: .* finds nothing there/);
  assert.equal(told.code, 0);
});

test("an interrupted sign-in leaves no registration behind", async (t) => {
  const { server, mcp } = await others(t);
  const interrupted = await doctor([mcp, "--login", "--yes", "--client", "SDK v1"], {}, {}, () => {
    process.emit("SIGINT");
    return Promise.resolve();
  });
  assert.match(
    interrupted.out,
    /skipped +TypeScript SDK v1 +will connect, but walk\.token: Nobody came back from signing in/,
  );
  assert.equal(server.registered.size, 0);
  assert.ok(server.names.length > 0);
});

test("what cannot be walked is refused in a line", async () => {
  for (const [args, expected, code] of [
    [["not an address"], /give the address of an MCP server/, 2],
    [["https://example.com", "--client", "Netscape"], /no such client; known are ChatGPT; /, 2],
    [["https://example.com", "--login", "--no-register"], /forbids/, 2],
    [["http://127.0.0.1:1/mcp", "--client", "Codex"], /./, 1],
  ] as const) {
    const refused = await doctor(args);
    assert.match(refused.err + refused.out, expected);
    assert.equal(refused.code, code, refused.out);
  }
});
