import assert from "node:assert/strict";
import { test } from "node:test";
import { readConfig } from "../../src/config/config.ts";
import { ConfigError } from "../../src/config/config-errors.ts";
import { variables } from "../../src/config/environment-variables.ts";
import { isServiceLink, misspeltVariables } from "../../src/config/misspelt-variables.ts";
import { usualNames } from "../support/usual-environment.ts";

const known = Object.keys(variables);

/** The variable a person is asked about who wrote this one. */
function meant(name: string, value = "x"): string | undefined {
  const [error, ...more] = misspeltVariables({ [name]: value }, known);
  assert.equal(more.length, 0);
  if (error !== undefined) assert.equal(error.variable, name);
  return error && /^(\w+): did you mean that\?/.exec(error.expected)?.[1];
}

test("a name that is almost one of ours is a error that names the right one", () => {
  for (const [written, right] of Object.entries({
    ALLOWED_DOMAIN: "ALLOWED_DOMAINS",
    ALOWED_DOMAINS: "ALLOWED_DOMAINS",
    ALLOW_DOMAINS: "ALLOWED_DOMAINS",
    ALLOWEDDOMAINS: "ALLOWED_DOMAINS",
    ALLOWEDDOMAIN: "ALLOWED_DOMAINS",
    ALLOWED__DOMAINS: "ALLOWED_DOMAINS",
    "ALLOWED-DOMAINS": "ALLOWED_DOMAINS",
    allowed_domains: "ALLOWED_DOMAINS",
    GATEHOUSE_ALLOWED_DOMAINS: "ALLOWED_DOMAINS",
    GATEHOUSE_ALLOWED_DOMAIN: "ALLOWED_DOMAINS",
    CIMD_ALLOWED_DOMAIN: "CIMD_ALLOWED_DOMAINS",
    CIMD_DENYED_DOMAINS: "CIMD_DENIED_DOMAINS",
    OAUTH_CLIENT_ID: "OAUTH2_CLIENT_ID",
    OAUTH2_CLIENTID: "OAUTH2_CLIENT_ID",
    OAUTH2_CLIENT_SECERT: "OAUTH2_CLIENT_SECRET",
    TRUSTED_PROXY: "TRUSTED_PROXIES",
    TRUST_PROXIES: "TRUSTED_PROXIES",
    SECRETKEY: "SECRET_KEY",
    SECRET_KEYS: "SECRET_KEY",
    SERCET_KEY: "SECRET_KEY",
    BASEURL: "BASE_URL",
    baseUrl: "BASE_URL",
    BASE_URI: "BASE_URL",
    SQL_URI: "SQL_URL",
    RATE_LIMIT: "RATE_LIMITS",
    RATELIMITS: "RATE_LIMITS",
    LOGLEVEL: "LOG_LEVEL",
    WORKER: "WORKERS",
    INTROSPECTION_TOKENS: "INTROSPECTION_TOKEN",
    INSTROSPECTION_TOKEN: "INTROSPECTION_TOKEN",
    UPSTREAM_ISSUERS: "UPSTREAM_ISSUER",
    REPLAY_WINDWO: "REPLAY_WINDOW",
    SQL_RETRIES: "SQL_RETRY",
    port: "PORT",
    _HOST: "HOST",
    GATEHOUSE_PORT: "PORT",
    GATEHOUSE_SQL_URL: "SQL_URL",
    GATEHOUSE_BASE_URL: "BASE_URL",
  })) {
    assert.equal(meant(written), right, written);
  }
});

test("the names of others are left alone, and those of ours", () => {
  assert.ok(usualNames.length > 600, "enough of them");
  for (const name of [...usualNames, ...known]) assert.equal(meant(name), undefined, name);
});

test("no variable is within reach of another of ours by its spelling alone", () => {
  for (const name of known) {
    const others = known.filter((other) => other !== name);
    const [error] = misspeltVariables({ [name]: "x" }, others);
    assert.equal(error?.expected, undefined, `${name} would be taken for a misspelt one by an older version`);
  }
});

test("what a cluster sets for a service named gatehouse, demo or sql is none of ours", () => {
  for (const [name, value] of Object.entries({
    GATEHOUSE_PORT: "tcp://10.43.0.12:8080",
    GATEHOUSE_SERVICE_HOST: "10.43.0.12",
    GATEHOUSE_SERVICE_PORT: "8080",
    GATEHOUSE_SERVICE_PORT_HTTP: "8080",
    GATEHOUSE_PORT_8080_TCP: "tcp://10.43.0.12:8080",
    GATEHOUSE_PORT_8080_TCP_ADDR: "10.43.0.12",
    GATEHOUSE_PORT_8080_TCP_PORT: "8080",
    GATEHOUSE_PORT_8080_TCP_PROTO: "tcp",
    GATEHOUSE_PORT_53_UDP: "udp://10.43.0.12:53",
    GATEHOUSE_DEMO_PORT: "tcp://10.43.0.13:8081",
    DEMOS_PORT: "tcp://10.43.0.13:8081",
    SQL_SERVICE_HOST: "10.43.0.14",
    GATEHOUSE_CREDENTIAL: "gatehouse_rs_x",
  })) {
    assert.equal(meant(name, value), undefined, name);
  }
  assert.ok(isServiceLink("DEMO_PORT", "tcp://10.43.0.13:8081"));
  assert.ok(!isServiceLink("DEMO_PORT", "8081"));
  assert.ok(!isServiceLink("SQL_URL", "tcp://10.43.0.13:8081"));
});

test("an empty one is nothing, and a name that differs in case only was read where case does not matter", () => {
  assert.equal(meant("ALLOWED_DOMAIN", " "), undefined);
  assert.deepEqual(misspeltVariables({ Base_Url: "https://a.test", BASE_URL: "https://a.test" }, known), []);
  assert.equal(
    misspeltVariables({ base_url: "https://b.test", BASE_URL: "https://a.test" }, known).length,
    1,
  );
});

/** What the whole configuration says of an environment. */
function errorsOf(environment: Readonly<Record<string, string>>) {
  try {
    readConfig(environment, "command");
  } catch (error) {
    if (error instanceof ConfigError) return error.errors;
    throw error;
  }
  return [];
}

test("Y12 a name near one of ours, or an unknown one with our prefix, is an error that says what was meant; what the kit and a cluster set is none", () => {
  const near = {
    ALLOWED_DOMIANS: /^ALLOWED_DOMAINS: did you mean that\? Correct the name/,
    GATEHOUSE_ALOWED_DOMAINS: /^ALLOWED_DOMAINS: did you mean/,
    GATEHOUSE_PORT: /^PORT: did you mean/,
    GATEHOUSE_CONFIGS: /^GATEHOUSE_CONFIG: did you mean/,
    GATEHOUSE_CONFG: /^GATEHOUSE_CONFIG: did you mean/,
    gatehouse_config: /^GATEHOUSE_CONFIG: did you mean/,
  };
  const unknown = ["GATEHOUSE_DATABASE", "GATEHOUSE_VERSION", "gatehouse_x", "GATEHOUSE_CREDENTIALS_OF_ALL"];
  for (const [name, expected] of Object.entries(near)) {
    const [error, ...more] = errorsOf({ [name]: "8080" });
    assert.deepEqual([error?.variable, error?.found, more], [name, "a name that nothing reads", []]);
    assert.match(error?.expected ?? "", expected);
  }
  for (const name of unknown) {
    const [error, ...more] = errorsOf({ [name]: "x-secret-x" });
    assert.deepEqual([error?.variable, more], [name, []]);
    assert.match(error?.expected ?? "", /^a name of ours, without GATEHOUSE_ before it .* or remove/);
    assert.doesNotMatch(JSON.stringify(error), /x-secret-x/);
  }
  const all = errorsOf(Object.fromEntries([...Object.keys(near), ...unknown].map((name) => [name, "x"])));
  assert.equal(all.length, Object.keys(near).length + unknown.length, "told all at once");
  // Of a short name every letter must be right, and another word is another name.
  assert.deepEqual(
    errorsOf({ POST: "x", HOTS: "x", S3_SECRET_KEY: "x", VERSION: "x", MY_GATEHOUSE_X: "x" }),
    [],
  );
  assert.deepEqual(
    errorsOf({
      GATEHOUSE_CREDENTIAL: "gatehouse_rs_x",
      GATEHOUSE_PORT: "tcp://10.43.0.12:8080",
      GATEHOUSE_SERVICE_HOST: "10.43.0.12",
      GATEHOUSE_SERVICE_PORT: "8080",
      GATEHOUSE_PORT_8080_TCP_PROTO: "tcp",
      GATEHOUSE_VERSION: "",
    }),
    [],
  );
});
