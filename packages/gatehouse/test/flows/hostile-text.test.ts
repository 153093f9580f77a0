import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { aDatabase, runCommand } from "../commands/command-line.ts";
import { aDoor, aServerBehind } from "../gateway/support/door.ts";
import { aCollector } from "../support/collector.ts";
import { openConsole, signInAtHome } from "../support/console.ts";
import { aPublicClient, authorizationUrl, openConsentPage, tokensFor } from "../support/oauth-client.ts";
import { aSyslogServer } from "../support/syslog-server.ts";
import { UserAgent } from "../support/user-agent.ts";

/** Somewhere that what strangers sent is shown or written. */
interface Surface {
  readonly name: string;
  /** `lines`: of JSON, or text for a terminal. `page`: HTML. */
  readonly kind: "lines" | "page";
  readonly text: string;
}

const escapes =
  "\u001B[2J\u001B]0;pwned\u0007\r\nforged: line\u202Etxt\u2028\u0000</script><script>alert(1)</script>";
/** Of at least so many characters. */
const hostile = (length = 0) => `pwned${escapes}${"A".repeat(length)}`;
/** As much of it as a header field can carry. */
const hostileField = `pwned \u009B2J\u0085 </script> ${"A".repeat(9000)}`;

const unprintable = /[\p{Cc}\p{Cf}\u2028\u2029]/u;
/** Words of ours with what they quote; heads of the audit trail are all ours. */
const maxLength = 1001;

/** Every text in a value, however deep. */
function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => [key, ...textsIn(member)]);
}

function requireHarmless({ name, kind, text }: Surface): void {
  if (kind === "page") {
    const [found] = unprintable.exec(text.replace(/\s/g, " ")) ?? [];
    assert.equal(
      found,
      undefined,
      `${name}: ${JSON.stringify(found)} in ${text.slice(text.indexOf(found ?? "") - 100).slice(0, 200)}`,
    );
    assert.ok(!text.includes("<script>alert"), name);
    return;
  }
  for (const line of text.split("\n").filter(Boolean)) {
    assert.doesNotMatch(line, unprintable, name);
    const json = line.indexOf("{");
    const texts = json === -1 || !line.endsWith("}") ? [line] : textsIn(JSON.parse(line.slice(json)));
    for (const each of texts) {
      assert.doesNotMatch(each, unprintable, `${name}: ${each.slice(0, 200)}`);
      if (json !== -1) assert.ok(each.length <= maxLength, `${name}: ${each.length} characters`);
    }
  }
}

async function aWatchedDoor(t: TestContext) {
  const behind = await aServerBehind(t);
  const [syslog, collector, database] = [await aSyslogServer(t), await aCollector(t), await aDatabase()];
  const environment = {
    ...database.environment,
    AUDIT_SYSLOG: `tcp://127.0.0.1:${syslog.port}`,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    ADMINS: "boss@example.com",
  };
  const door = await aDoor(t, behind.url, "", environment);
  t.after(() => database.remove());
  return { door, syslog, collector, database };
}

test("Z-n3 what strangers send is neutral and cut in log, audit trail, trace, sinks, console, pages and at the terminal", async (t) => {
  const { door, syslog, collector, database } = await aWatchedDoor(t);
  const { server, address: resource } = door;
  const agent = { "user-agent": hostileField };
  const pages: Surface[] = [];
  for (const length of [0, 20_000, 100_000]) {
    const answer = await fetch(`${server.url}/register`, {
      method: "POST",
      headers: { "content-type": "application/json", ...agent },
      body: JSON.stringify({ client_name: hostile(length), redirect_uris: ["http://127.0.0.1/cb"] }),
    });
    assert.ok(answer.status < 500);
    const about = { client_id: hostile(), redirect_uri: hostile(), scope: hostile(), state: hostile(length) };
    const refused = await fetch(`${server.url}/authorize?${new URLSearchParams(about)}`, { headers: agent });
    assert.ok(refused.status < 500);
    pages.push({ name: "error page", kind: "page", text: await refused.text() });
    const form = { grant_type: hostile(), client_id: hostile(length), code: hostile() };
    await fetch(`${server.url}/token`, { method: "POST", headers: agent, body: new URLSearchParams(form) });
    const call = {
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name: hostile(length), arguments: {} },
    };
    await door.call({ body: JSON.stringify(call), headers: agent });
  }
  const client = await aPublicClient(server, { client_name: "A\u202Epwned</script><script>alert(1)" });
  const browser = new UserAgent();
  const isProviders = (url: URL) => url.origin === new URL(server.upstream.issuer).origin;
  const asked = await browser.follow(authorizationUrl(server, client, { resource }), isProviders);
  const said = {
    error: "server_error",
    error_description: hostile(9000),
    state: asked.url.searchParams.get("state") ?? "",
  };
  const failed = await browser.follow(`${server.url}/callback?${new URLSearchParams(said)}`);
  pages.push({ name: "failed sign-in", kind: "page", text: failed.html });
  const { page } = await openConsentPage(server, client, new UserAgent(), {
    resource,
    state: hostile().replaceAll("\0", ""),
  });
  pages.push({ name: "consent page", kind: "page", text: page.html });
  await tokensFor(server, client, { resource });

  const boss = await signInAtHome(server, "boss");
  for (const path of ["", "/clients", "/flows", "/audit", `/client?id=${client.id}`, "/people", "/grants"]) {
    const { html, response } = await openConsole(server, boss, path);
    assert.equal(response.status, 200, path);
    pages.push({ name: `console ${path}`, kind: "page", text: html });
  }
  assert.ok(pages.some(({ name, text }) => name === "console /clients" && text.includes("pwned")));

  await server.stop(); // which writes what waits
  const environment = { ...database.environment };
  const terminal = async (...args: string[]) => (await runCommand(args, environment)).out;
  /** Of each attempt, as the command shows it. */
  const traces = async () => {
    const attempts = JSON.parse(await terminal("trace", "--limit", "100", "--json")) as {
      reference: string;
    }[];
    return Promise.all(attempts.map(({ reference }) => terminal("trace", reference)));
  };
  const surfaces: Surface[] = [
    { name: "log", kind: "lines", text: server.log.join("") },
    { name: "audit export", kind: "lines", text: await terminal("audit", "export") },
    { name: "audit export ocsf", kind: "lines", text: await terminal("audit", "export", "--format", "ocsf") },
    { name: "audit tail", kind: "lines", text: await terminal("audit", "tail", "--limit", "500") },
    { name: "trace", kind: "lines", text: (await traces()).join("\n") },
    { name: "syslog", kind: "lines", text: syslog.messages.join("\n") },
    { name: "otlp", kind: "lines", text: collector.bodies.join("\n") },
    { name: "clients list", kind: "lines", text: await terminal("clients", "list") },
    ...pages,
  ];
  for (const surface of surfaces) requireHarmless(surface);
  for (const { name, text } of surfaces.slice(0, 7))
    assert.ok(text.includes("pwned"), `${name} shows none of it`);
  assert.deepEqual(syslog.strays, []);
});
