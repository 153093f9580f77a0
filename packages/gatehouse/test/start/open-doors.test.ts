import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { loadConfig } from "../../src/config/config.ts";
import { warnOfOpenDoors } from "../../src/start/open-doors.ts";
import { aFolder } from "../config/config-file.ts";

const credentials = "client_id: id, client_secret: secret";
const github = (rest = "") => `providers:\n  - { name: code, kind: github, ${credentials}${rest} }\n`;
const variables = { OAUTH2_CLIENT_ID: "id", OAUTH2_CLIENT_SECRET: "secret" };

function warnings(t: TestContext, yaml: string, environment: Record<string, string> = {}) {
  const configPath = join(aFolder(t, { "gatehouse.yaml": yaml }), "gatehouse.yaml");
  const told: string[] = [];
  const log = { warn: (_: unknown, message?: string) => void told.push(message ?? "") };
  warnOfOpenDoors(loadConfig({ environment, configPath }, "serve"), log as never);
  return told;
}

test("a start warns where everybody who makes an account may sign in, and says what keeps strangers out", (t) => {
  const [google = ""] = warnings(t, "", variables);
  assert.match(
    google,
    /^everybody who makes an account at Google may sign in; .* set ALLOWED_DOMAINS, or rules/,
  );
  const [alone = ""] = warnings(t, github());
  assert.match(
    alone,
    /at GitHub may sign in; .* give it organizations:, domains:, or rules under access: sign_in:/,
  );
  const beside = `${github(', domains: "*"')}  - { name: auth0, preset: auth0, issuer: "https://a.auth0.com/", ${credentials}, domains: [a.example] }\n`;
  assert.deepEqual(warnings(t, beside).length, 1, '"*" is everybody as well, and a list is not');

  for (const yaml of [
    github(", organizations: [acme]"),
    github(", domains: [example.com]"),
    github(", host: https://github.example.com, address: optional"),
    `${github()}access:\n  sign_in:\n    - allow: { address: [ada@example.com] }\n`,
    `providers:\n  - { name: work, preset: keycloak, issuer: https://idp.example.com, ${credentials} }\n`,
  ]) {
    assert.deepEqual(warnings(t, yaml), [], yaml);
  }
  assert.deepEqual(warnings(t, "", { ...variables, ALLOWED_DOMAINS: "example.com" }), []);
  const own = { ...variables, UPSTREAM_ISSUER: "https://idp.example.com" };
  assert.deepEqual(warnings(t, "", own), [], "whether strangers have accounts there nobody knows here");
});
