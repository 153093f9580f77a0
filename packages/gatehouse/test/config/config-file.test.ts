import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { loadConfig } from "../../src/config/config.ts";
import { aFolder, errorsOf } from "./config-file.ts";

const whole = `
server:
  url: https://auth.example.com/
  port: 8443
  trusted_proxies: [loopback, 10.0.0.0/8]
  rate_limits: false
sign_in:
  client_id: our-id
  client_secret: our-secret
  allowed_domains:
    - example.com
    - bücher.example
database:
  url: sqlite:./elsewhere.db
  migrate: off
tokens:
  access_token: 15m
  code: 30
  prefixes: [acme_]
`;

function load(t: TestContext, yaml: string, environment: Record<string, string> = {}) {
  const configPath = join(aFolder(t, { "gatehouse.yaml": yaml }), "gatehouse.yaml");
  return loadConfig({ environment, configPath }, "serve");
}

/** The place and name of each error, without the folder of the file. */
const briefly = (errors: ReturnType<typeof errorsOf>) =>
  errors.map(({ variable, place }) => `${/\d+:\d+$/.exec(place ?? "")?.[0]} ${variable}`.trim());

test("a file says what the variables say, in groups, and the environment wins over it", (t) => {
  const config = load(t, whole, { PORT: "9000" });
  assert.equal(config.settings.issuer, "https://auth.example.com");
  assert.equal(config.listen.port, 9000);
  assert.deepEqual(config.trustedProxies, ["loopback", "10.0.0.0/8"]);
  assert.equal(config.rateLimits, undefined);
  assert.deepEqual(config.providers[0]?.domains, ["example.com", "xn--bcher-kva.example"]);
  assert.deepEqual(config.storage, { kind: "sqlite", path: "./elsewhere.db", migrate: false });
  assert.equal(config.settings.lifetimes.accessToken, 900);
  assert.equal(config.settings.lifetimes.code, 30);
  assert.deepEqual(config.settings.tokenPrefixes, ["acme_"]);
  assert.equal(load(t, whole).listen.port, 8443);
});

test("an empty file, an empty group and a file of comments say nothing", (t) => {
  for (const yaml of ["", "# nothing\n", "server:\nlog:\n  # level: debug\n"]) {
    assert.deepEqual(errorsOf(t, yaml), [], yaml);
  }
});

test("Y10 every error of file, environment and secret files is told in one run, each with its place, what was found and what is expected", (t) => {
  const errors = errorsOf(
    t,
    `server:
  url: http://auth.example.com
  port: "8080"
sign_in:
  client_id: 123
  allow_domains: [example.com]
  client_secret:
    file: ./nowhere
tokens:
  code: 1h
  prefixes: gatehouse_
secrets:
  introspection_token: hunter2
`,
    { LOG_LEVEL: "loud", ALLOWED_DOMAIN: "example.com", INTROSPECTION_TOKEN_FILE: "/nowhere/else" },
    "serve",
  );
  assert.deepEqual(briefly(errors).sort(), [
    "10:9 tokens.code",
    "11:13 tokens.prefixes",
    "13:24 secrets.introspection_token",
    "2:8 server.url",
    "3:9 server.port",
    "5:14 sign_in.client_id",
    "6:3 sign_in.allow_domains",
    "8:5 sign_in.client_secret",
    "undefined ALLOWED_DOMAIN",
    "undefined INTROSPECTION_TOKEN_FILE",
    "undefined LOG_LEVEL",
  ]);
  const told = new Map(errors.map((error) => [error.variable, error]));
  assert.match(told.get("server.port")?.expected ?? "", /0 to 65535; a number, without quotes/);
  assert.match(told.get("sign_in.client_id")?.found ?? "", /the number 123/);
  assert.match(told.get("sign_in.allow_domains")?.expected ?? "", /sign_in\.allowed_domains: did you mean/);
  assert.match(told.get("sign_in.client_secret")?.found ?? "", /nowhere", which does not exist/);
  assert.match(told.get("tokens.prefixes")?.expected ?? "", /^a list of prefixes/);
  assert.doesNotMatch(JSON.stringify(errors), /hunter2/);
});

test("what serve misses is told with where in the file it could stand", (t) => {
  const errors = errorsOf(t, "server:\n  url: https://auth.example.com\n", {}, "serve");
  assert.deepEqual(
    errors.map(({ variable }) => variable),
    ["OAUTH2_CLIENT_ID", "OAUTH2_CLIENT_SECRET"],
  );
  assert.match(errors[0]?.expected ?? "", /gatehouse\.yaml: sign_in\.client_id\)$/);
  const tooOpen = errorsOf(t, "server:\n  host: 0.0.0.0\n", {}, "dev");
  assert.deepEqual(briefly(tooOpen), ["2:9 server.host"]);
});

test("a value that the environment wins over must be right all the same", (t) => {
  assert.deepEqual(briefly(errorsOf(t, "tokens:\n  code: 1h\n", { CODE_TTL: "60s" })), ["2:9 tokens.code"]);
});

test("a name that nothing reads is an error, with the one that is meant wherever it belongs", (t) => {
  for (const [yaml, meant] of Object.entries({
    "sever:\n  port: 1": "server:",
    "Server:\n  port: 1": "server:",
    "server:\n  Port: 1": "server.port:",
    "server:\n  trustedProxies: [loopback]": "server.trusted_proxies:",
    "ALLOWED_DOMAINS: example.com": "sign_in.allowed_domains:",
    "allow_domains: [example.com]": "sign_in.allowed_domains:",
    "allowed_domains: [example.com]": "sign_in.allowed_domains:",
    "signin:\n  client_id: x": "sign_in:",
    "log:\n  levle: info": "log.level:",
    "server:\n  allowed_domains: [example.com]": "sign_in.allowed_domains:",
  })) {
    const [error, ...more] = errorsOf(t, yaml);
    assert.deepEqual(more, [], yaml);
    assert.ok(error?.expected.startsWith(`${meant} did you mean`), `${yaml}: ${error?.expected}`);
  }
  const [strange] = errorsOf(t, "server:\n  colour: red");
  assert.match(strange?.expected ?? "", /^one of url, port, host/);
});

test("Y11 repeated keys, a second document, tags, many aliases, size, encoding and guesses of YAML 1.1 are errors", (t) => {
  const found = (yaml: string | Buffer) => {
    const errors = errorsOf(t, yaml);
    assert.equal(errors.length, 1, JSON.stringify(errors));
    return `${errors[0]?.found}`;
  };
  assert.match(found("server:\n  port: 1\n  port: 2\n"), /second time/);
  assert.match(found("server:\n  port: 1\n---\nserver:\n"), /second document/);
  assert.match(found("server:\n  host: !!js/function 'x'\n"), /tag/);
  assert.match(found("server:\n  host: !secret x\n"), /tag/);
  assert.match(found("server:\n\tport: 1\n"), /tab/);
  assert.match(found("server: [\n"), /indented|not closed|cannot read/);
  assert.match(
    found(`sign_in:\n  allowed_domains: [&a a.example, ${"*a, ".repeat(101)}*a]\n`),
    /aliases|a\.example/,
  );
  assert.match(found(`# ${"x".repeat(1_000_001)}\n`), /more than 1000000 bytes/);
  assert.match(found(Buffer.from("log:\n  level: \xff\n", "latin1")), /not UTF-8/);
  assert.deepEqual(errorsOf(t, "sign_in:\n  client_id: yes\n"), []);
  assert.match(found("server:\n  port: 08080h\n"), /"08080h"/);
});

test("what YAML 1.1 would guess stands for itself", (t) => {
  const config = load(t, `${whole}  default_resource: https://mcp.example.com/no\nlog:\n  level: info\n`);
  assert.equal(config.settings.defaultResource, "https://mcp.example.com/no");
  for (const text of ["yes", "on", "12:30:45", "0o17x"]) {
    assert.partialDeepStrictEqual(load(t, whole.replace("our-id", text)).providers, [{ clientId: text }]);
  }
  assert.match(errorsOf(t, "sign_in:\n  client_id: true\n")[0]?.expected ?? "", /in quotes/);
  assert.match(errorsOf(t, "database:\n  migrate: no\n")[0]?.found ?? "", /"no"/);
});

test("an alias stands for what it names, as often as a list is used twice", (t) => {
  const yaml = `${whole}client_documents:\n  allowed_domains: &d [a.example]\n  denied_domains: *d\n`;
  assert.deepEqual(load(t, yaml).settings.clientDocuments.deniedDomains, ["a.example"]);
});

test("Y-n3 a bomb of aliases, a huge file, functions, __proto__ and constructor as keys change and cost nothing", (t) => {
  const levels = "abcdefghi".split("");
  const bomb = levels
    .map(
      (name, at) =>
        `  ${name}: &${name} [${Array(9)
          .fill(at === 0 ? "x" : `*${levels[at - 1]}`)
          .join(", ")}]`,
    )
    .join("\n");
  assert.ok(errorsOf(t, `log:\n${bomb}\n`).length > 0);
  assert.ok(errorsOf(t, `sign_in:\n  allowed_domains:\n${bomb.replaceAll(/^/gm, "  ")}\n`).length > 0);
  assert.match(errorsOf(t, Buffer.alloc(50_000_000, "#"))[0]?.found ?? "", /more than/);
  for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
    for (const yaml of [`${name}:\n  port: 1\n`, `server:\n  ${name}: { polluted: true }\n`]) {
      const [error] = errorsOf(t, yaml);
      assert.match(error?.found ?? "", /nothing reads/, yaml);
    }
    assert.ok(errorsOf(t, `secrets:\n  introspection_token: { ${name}: x }\n`).length > 0);
  }
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
  // What is allowed by its size alone is read in a bounded number of steps, whatever stands in it.
  const filled = (text: string, piece: string) => text + piece.repeat(Math.ceil(900_000 / piece.length));
  for (const yaml of [
    filled("sign_in:\n  allowed_domains: [", "a,"),
    filled("sign_in:\n  allowed_domains:\n", "    - a.example\n"),
    Array.from({ length: 90_000 }, (_, at) => `k${at}:\n`).join(""),
  ]) {
    const [error, ...more] = errorsOf(t, yaml);
    assert.deepEqual([error?.found, more], ["more than can be read in a second", []]);
    assert.match(error?.expected ?? "", /^at most 200000 names, values, marks and line ends$/);
    assert.match(error?.place ?? "", /gatehouse\.yaml:\d+:\d+$/);
  }
  assert.match(errorsOf(t, filled("", "["))[0]?.found ?? "", /brackets one within the other/);
  assert.equal(errorsOf(t, filled("", "}\n")).length, 100, "nobody reads more");
  const unknown = Array.from({ length: 9000 }, (_, at) => `  colour${at}: red\n`).join("");
  assert.equal(errorsOf(t, `server:\n${unknown}`).length, 100);
  assert.equal(errorsOf(t, `access:\n${unknown}`).length, 100);
  assert.deepEqual(briefly(errorsOf(t, "server:\n  port: 1\n  PORT: 2\n")), ["3:3 server.PORT"]);
});

test("Y-n5 a domain list under a name that is nearly right never opens the door to everybody", (t) => {
  for (const name of ["ALLOWED_DOMAIN", "ALLOWED-DOMAINS", "GATEHOUSE_ALLOWED_DOMAINS", "allowed_domains"]) {
    const errors = errorsOf(t, "", { [name]: "example.com" });
    assert.deepEqual(
      errors.map(({ variable }) => variable),
      [name],
    );
  }
  for (const yaml of ["allow_domains: [a.example]", "sign_in:\n  allow_domains: [a.example]"]) {
    assert.match(errorsOf(t, yaml)[0]?.expected ?? "", /^sign_in\.allowed_domains: did you mean/);
  }
});
