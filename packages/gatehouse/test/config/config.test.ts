import assert from "node:assert/strict";
import { test } from "node:test";
import { describeStorage, readConfig } from "../../src/config/config.ts";
import { ConfigError, type ConfigProblem } from "../../src/config/config-errors.ts";
import { describeVariables } from "../../src/config/settings-table.ts";
import type { Mode } from "../../src/config/start-conditions.ts";
import { defaultBudgets } from "../../src/oauth/budgets.ts";

type Environment = Record<string, string>;

const production: Environment = {
  BASE_URL: "https://auth.example.com",
  OAUTH2_CLIENT_ID: "our-id",
  OAUTH2_CLIENT_SECRET: "our-secret",
};

function errorsOf(environment: Environment, mode: Mode = "serve"): readonly ConfigProblem[] {
  try {
    readConfig(environment, mode);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.errors;
  }
  return [];
}

const faultyNames = (environment: Environment, mode: Mode = "serve") =>
  errorsOf(environment, mode).map(({ variable }) => variable);

test("an empty environment is a whole configuration for development", () => {
  const config = readConfig({}, "dev");
  assert.equal(config.settings.issuer, "http://localhost:8080");
  assert.deepEqual(config.listen, { host: "127.0.0.1", port: 8080 });
  assert.deepEqual(config.storage, { kind: "sqlite", path: "./data/gatehouse.db", migrate: true });
  assert.deepEqual(
    config.providers.map(({ kind, name }) => [kind, name]),
    [["development", "default"]],
  );
  assert.equal(config.secretKeys, undefined);
  assert.equal(config.demoPort, 8081);
  assert.equal(config.log.format, "text");
  assert.deepEqual(config.rateLimits, defaultBudgets);
  assert.deepEqual(config.settings.tokenPrefixes, ["gatehouse_at_"]);
  assert.deepEqual(config.settings.lifetimes, {
    accessToken: 3600,
    legacyAccessToken: 604_800,
    code: 60,
    transaction: 600,
    legacyTransaction: 3600,
    grantIdle: 2_592_000,
    grant: 15_552_000,
    replayWindow: 60,
    lateReplay: 604_800,
    sessionIdle: 43_200,
    session: 604_800,
  });
});

test("every error is told at once, with what was found and what is expected", () => {
  const errors = errorsOf({
    BASE_URL: "http://auth.example.com",
    PORT: "80800",
    CODE_TTL: "1h",
    RATE_LIMITS: "maybe",
    TRUSTED_PROXIES: "10.0.0.0/8, somewhere",
    DEFAULT_RESOURCE: "mcp.example.com",
  });
  assert.deepEqual(errors.map(({ variable }) => variable).sort(), [
    "BASE_URL",
    "CODE_TTL",
    "DEFAULT_RESOURCE",
    "OAUTH2_CLIENT_ID",
    "OAUTH2_CLIENT_SECRET",
    "PORT",
    "RATE_LIMITS",
    "TRUSTED_PROXIES",
  ]);
  const port = errors.find(({ variable }) => variable === "PORT");
  assert.equal(port?.found, '"80800"');
  assert.match(port?.expected ?? "", /0 to 65535/);
});

test("a error never shows a secret, only how long it is", () => {
  const errors = errorsOf({
    ...production,
    SECRET_KEY: "tooShortASecret",
    INTROSPECTION_TOKEN: "with a space in it",
    SQL_URL: "mysql://root:hunter2@db/x",
    BASE_URL: "https://admin:hunter2@auth.example.com",
  });
  assert.deepEqual(errors.map(({ variable }) => variable).sort(), [
    "BASE_URL",
    "INTROSPECTION_TOKEN",
    "SECRET_KEY",
    "SQL_URL",
  ]);
  const told = JSON.stringify(errors);
  for (const SQL_URL of ["mysql:root:hunter2@db", "pg://db/x?password=hunter2", "host=db password=hunter2"]) {
    assert.doesNotMatch(JSON.stringify(errorsOf({ SQL_URL }, "command")), /hunter2/);
  }
  assert.equal(errorsOf({ SQL_URL: "/var/lib/x.db" }, "command")[0]?.found, '"/var/lib/x.db"');
  assert.doesNotMatch(told, /tooShort|with a space|hunter2/);
  assert.equal(errors.find(({ variable }) => variable === "SECRET_KEY")?.found, "a value of 15 characters");
});

test("serve needs credentials at the identity provider wherever it is; only dev does without", () => {
  for (const environment of [{ BASE_URL: "https://auth.example.com" }, {}, { HOST: "0.0.0.0" }] as const) {
    assert.deepEqual(faultyNames(environment), ["OAUTH2_CLIENT_ID", "OAUTH2_CLIENT_SECRET"]);
  }
  for (const mode of ["serve", "dev"] as const) {
    assert.deepEqual(faultyNames({ OAUTH2_CLIENT_ID: "alone" }, mode), ["OAUTH2_CLIENT_SECRET"]);
    assert.deepEqual(faultyNames({ OAUTH2_CLIENT_SECRET: "alone" }, mode), ["OAUTH2_CLIENT_ID"]);
  }
  assert.partialDeepStrictEqual(readConfig({}, "dev").providers, [{ kind: "development" }]);
  assert.partialDeepStrictEqual(readConfig(production, "serve").providers[0], {
    issuer: "https://accounts.google.com",
    clientId: "our-id",
    clientSecret: "our-secret",
  });
});

test("development refuses to be reachable from outside", () => {
  assert.deepEqual(faultyNames({ BASE_URL: "https://auth.example.com" }, "dev"), ["BASE_URL"]);
  assert.deepEqual(faultyNames({ BASE_URL: "http://127.0.0.1:9000" }, "dev"), []);
  for (const HOST of [
    "0.0.0.0",
    "::",
    "192.168.1.7",
    "::ffff:10.0.0.1",
    "my-laptop",
    "127.0.0.1.evil.test",
  ]) {
    assert.deepEqual(faultyNames({ HOST }, "dev"), ["HOST"], HOST);
    assert.deepEqual(
      faultyNames({ ...production, BASE_URL: "", HOST }, "dev"),
      ["HOST"],
      "with a provider too",
    );
  }
  for (const HOST of ["127.0.0.1", "127.0.0.2", "localhost", "::1", "::ffff:127.0.0.1"]) {
    assert.deepEqual(faultyNames({ HOST }, "dev"), [], HOST);
  }
});

test("what is missing is told with where to get it and what to register there", () => {
  const expected = (environment: Environment, variable: string) =>
    errorsOf(environment).find((error) => error.variable === variable)?.expected ?? assert.fail(variable);
  const BASE_URL = "https://login.example.com/t1/";
  const atGoogle = expected({ BASE_URL }, "OAUTH2_CLIENT_ID");
  assert.match(atGoogle, /https:\/\/console\.cloud\.google\.com\/apis\/credentials/);
  assert.match(atGoogle, /redirect URI https:\/\/login\.example\.com\/t1\/callback/);
  const elsewhere = expected({ BASE_URL, UPSTREAM_ISSUER: "https://idp.example.com" }, "OAUTH2_CLIENT_ID");
  assert.match(elsewhere, /https:\/\/idp\.example\.com .*https:\/\/login\.example\.com\/t1\/callback/);
  assert.doesNotMatch(elsewhere, /google/i);
  assert.match(expected({ PORT: "9000" }, "OAUTH2_CLIENT_ID"), /http:\/\/localhost:9000\/callback/);
  assert.match(expected({ BASE_URL: "login.example.com" }, "OAUTH2_CLIENT_ID"), /\$BASE_URL\/callback/);
  assert.match(expected({ SQL_URL: "postgres://db/gate" }, "SECRET_KEY"), /openssl rand -hex 32/);
});

test("domains are read in one form, whatever their case, final dot or alphabet; addresses are no domains", () => {
  const config = readConfig(
    {
      ...production,
      ALLOWED_DOMAINS: "Corp.Example., bücher.example",
      CIMD_ALLOWED_DOMAINS: "ＧＯＯＤ.example",
      CIMD_DENIED_DOMAINS: "xn--BCHER-kva.example",
    },
    "serve",
  );
  assert.deepEqual(config.providers[0]?.domains, ["corp.example", "xn--bcher-kva.example"]);
  assert.deepEqual(config.settings.clientDocuments.allowedDomains, ["good.example"]);
  assert.deepEqual(config.settings.clientDocuments.deniedDomains, ["xn--bcher-kva.example"]);
  for (const ALLOWED_DOMAINS of [
    "example",
    "8.8.8.8",
    "a.example:443",
    "*.example.com",
    "a@b.example",
    "a.example,,",
  ]) {
    assert.deepEqual(faultyNames({ ...production, ALLOWED_DOMAINS }), ["ALLOWED_DOMAINS"], ALLOWED_DOMAINS);
  }
});

test("an introspection token that could be guessed is a error that says how to make one", () => {
  assert.deepEqual(faultyNames({ ...production, INTROSPECTION_TOKEN: "x".repeat(16) }), []);
  const [error] = errorsOf({ ...production, INTROSPECTION_TOKEN: "fifteen-letters" });
  assert.equal(error?.found, "a value of 15 characters");
  assert.match(error?.expected ?? "", /at least 16 .*openssl rand -base64 32/);
});

test("commands beside a server need no credentials", () => {
  assert.deepEqual(faultyNames({ BASE_URL: "https://auth.example.com" }, "command"), []);
});

test("PostgreSQL and CockroachDB are named by a URL, and need a key that all instances share", () => {
  const SECRET_KEY = "k".repeat(32);
  for (const SQL_URL of ["postgres://gate:hunter2@db/gate?sslmode=require", "cockroachdb://db:26257/gate"]) {
    assert.deepEqual(faultyNames({ ...production, SQL_URL }), ["SECRET_KEY"]);
    assert.deepEqual(faultyNames({ SQL_URL }, "command"), []);
    const { storage } = readConfig({ ...production, SQL_URL, SECRET_KEY, SQL_TIMEOUT: "2s" }, "serve");
    assert.deepEqual(storage, {
      kind: "postgres",
      url: SQL_URL.replace("cockroachdb:", "postgres:"),
      poolSize: 10,
      statementTimeout: 2000,
      maxRetryMs: 10_000,
      migrate: true,
    });
    assert.doesNotMatch(describeStorage(storage), /hunter2|gate:/);
  }
  for (const SQL_URL of ["postgres:", "postgres://", "postgres:db"]) {
    assert.deepEqual(faultyNames({ SQL_URL }, "command"), ["SQL_URL"], SQL_URL);
  }
});

test("the issuer is the base URL without trailing slashes, and may have a path", () => {
  const issuer = (BASE_URL: string) => readConfig({ ...production, BASE_URL }, "serve").settings.issuer;
  assert.equal(issuer("https://Auth.Example.com/"), "https://auth.example.com");
  assert.equal(issuer("https://example.com/login//"), "https://example.com/login");
  assert.equal(issuer("http://[::1]:8080/"), "http://[::1]:8080");
  for (const BASE_URL of [
    "http://auth.example.com",
    "https://user@auth.example.com",
    "https://auth.example.com/?tenant=1",
    "https://auth.example.com/#top",
    "auth.example.com",
    "https://",
    "http://localhost.evil.test",
  ]) {
    assert.deepEqual(faultyNames({ ...production, BASE_URL }), ["BASE_URL"], BASE_URL);
  }
});

test("the listener keeps to this computer when the base URL does", () => {
  const host = (environment: Environment) => readConfig(environment, "serve").listen.host;
  assert.equal(host({ ...production, BASE_URL: "" }), "127.0.0.1");
  assert.equal(host({ ...production, BASE_URL: "http://[::1]:8080" }), "::1");
  assert.equal(host(production), "0.0.0.0");
  assert.equal(host({ ...production, HOST: "::" }), "::");
});

test("with any free port the base URL must be said, because it cannot be known", () => {
  assert.deepEqual(faultyNames({ PORT: "0" }, "dev"), ["BASE_URL"]);
  assert.deepEqual(faultyNames({ PORT: "0", BASE_URL: "http://localhost:9000" }, "dev"), []);
});

test("lengths of time are seconds or have a unit, within bounds", () => {
  const accessToken = (ACCESS_TOKEN_TTL: string) =>
    readConfig({ ...production, ACCESS_TOKEN_TTL }, "serve").settings.lifetimes.accessToken;
  assert.equal(accessToken("900"), 900);
  assert.equal(accessToken("900s"), 900);
  assert.equal(accessToken("15m"), 900);
  assert.equal(accessToken("2h"), 7200);
  assert.equal(accessToken("7d"), 604_800);
  for (const ACCESS_TOKEN_TTL of ["0", "-5", "1.5h", "1w", "1 h", "h", "99999d", "9999999999"]) {
    assert.deepEqual(
      faultyNames({ ...production, ACCESS_TOKEN_TTL }),
      ["ACCESS_TOKEN_TTL"],
      ACCESS_TOKEN_TTL,
    );
  }
  assert.deepEqual(faultyNames({ ...production, CODE_TTL: "10m" }), []);
  assert.deepEqual(faultyNames({ ...production, CODE_TTL: "601" }), ["CODE_TTL"]);
  assert.equal(readConfig({ ...production, REPLAY_WINDOW: "0" }, "serve").settings.lifetimes.replayWindow, 0);
});

test("secret keys are a list, newest first, none of them short", () => {
  const [newer, older] = ["n".repeat(32), "o".repeat(40)];
  const { secretKeys } = readConfig({ ...production, SECRET_KEY: `${newer}, ${older}` }, "serve");
  assert.deepEqual(secretKeys?.map(String), [newer, older]);
  assert.deepEqual(faultyNames({ ...production, SECRET_KEY: `${newer},short` }), ["SECRET_KEY"]);
  assert.deepEqual(faultyNames({ ...production, SECRET_KEY: `${newer},` }), ["SECRET_KEY"]);
  const twice = { ...production, SECRET_KEY: newer, SECRET_KEY_FILE: "/run/secrets/key" };
  assert.deepEqual(faultyNames(twice), ["SECRET_KEY_FILE"], "nobody could say which of the two holds");
  const SQL_URL = "postgres://gate@db/gate";
  assert.deepEqual(faultyNames({ ...production, SQL_URL, SECRET_KEY_FILE: "/run/secrets/key" }), []);
});

test("a token prefix that could be taken for another kind of token is refused", () => {
  const { settings } = readConfig({ ...production, TOKEN_PREFIX: "acme_, old-" }, "serve");
  assert.deepEqual(settings.tokenPrefixes, ["acme_", "old-"]);
  for (const TOKEN_PREFIX of [
    "gatehouse_rt_",
    "gatehouse_",
    "g",
    "gatehouse_cs_x",
    "with space",
    "acme_,",
    "é_",
  ]) {
    assert.deepEqual(faultyNames({ ...production, TOKEN_PREFIX }), ["TOKEN_PREFIX"], TOKEN_PREFIX);
  }
});

test("the database is a file named with sqlite:", () => {
  const path = (SQL_URL: string) => {
    const { storage } = readConfig({ SQL_URL }, "command");
    return storage.kind === "sqlite" ? storage.path : assert.fail();
  };
  assert.equal(path("sqlite:./data/x.db"), "./data/x.db");
  assert.equal(path("sqlite:/var/lib/x.db"), "/var/lib/x.db");
  assert.equal(path("sqlite:///var/lib/x.db"), "/var/lib/x.db");
  assert.equal(path("sqlite::memory:"), ":memory:");
  for (const SQL_URL of ["/var/lib/x.db", "sqlite:", "sqlite://host/x.db"]) {
    assert.deepEqual(faultyNames({ SQL_URL }, "command"), ["SQL_URL"], SQL_URL);
  }
});

test("the upstream issuer is kept to the letter, and is https unless it is on this computer", () => {
  const upstream = (UPSTREAM_ISSUER: string) =>
    readConfig({ ...production, UPSTREAM_ISSUER }, "serve").providers[0];
  assert.partialDeepStrictEqual(upstream("https://tenant.auth0.example/"), {
    issuer: "https://tenant.auth0.example/",
    clientId: "our-id",
    clientSecret: "our-secret",
  });
  assert.notEqual(upstream("http://127.0.0.1:9999"), "development");
  assert.deepEqual(faultyNames({ ...production, UPSTREAM_ISSUER: "http://idp.example.com" }), [
    "UPSTREAM_ISSUER",
  ]);
});

test("an empty variable counts as absent, and white space around a value is not part of it", () => {
  const config = readConfig(
    { PORT: "", BASE_URL: "  ", HOST: " ::1 ", HOME_URL: "https://example.com\n" },
    "dev",
  );
  assert.equal(config.listen.port, 8080);
  assert.equal(config.settings.issuer, "http://localhost:8080");
  assert.equal(config.listen.host, "::1");
  assert.equal(config.settings.homeUrl, "https://example.com");
});

test("a misspelt name is told with every other error, and never its value", () => {
  const environment = {
    ...production,
    PORT: "no",
    OAUTH_CLIENT_SECRET: "hunter2",
    SQL_URI: "postgres://u:hunter2@db/x",
  };
  assert.deepEqual(faultyNames(environment).sort(), ["OAUTH_CLIENT_SECRET", "PORT", "SQL_URI"]);
  assert.doesNotMatch(JSON.stringify(errorsOf(environment)), /hunter2/);
});

test("in a cluster that has a service named demo the example's port is still the usual one", () => {
  assert.equal(readConfig({ DEMO_PORT: "tcp://10.43.0.13:80" }, "dev").demoPort, 8081);
  assert.deepEqual(faultyNames({ ...production, GATEHOUSE_PORT: "tcp://10.43.0.13:80" }), []);
});

test("the default resource is kept in canonical form", () => {
  const { settings } = readConfig({ DEFAULT_RESOURCE: "HTTPS://MCP.example.com:443/" }, "dev");
  assert.equal(settings.defaultResource, "https://mcp.example.com");
});

test("proxies are addresses, blocks, or the word loopback", () => {
  const { trustedProxies } = readConfig(
    { TRUSTED_PROXIES: "loopback, 10.0.0.0/8,fd00::/8,192.0.2.1" },
    "dev",
  );
  assert.deepEqual(trustedProxies, ["loopback", "10.0.0.0/8", "fd00::/8", "192.0.2.1"]);
  assert.deepEqual(faultyNames({ TRUSTED_PROXIES: "10" }, "dev"), ["TRUSTED_PROXIES"]);
});

test("the help says of every variable what it means and what holds without it", () => {
  for (const { name, meaning, absent } of describeVariables()) {
    assert.match(meaning, /\.$/, name);
    assert.notEqual(absent, "", name);
  }
});
