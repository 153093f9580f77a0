import assert from "node:assert/strict";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { loadConfig } from "../../src/config/config.ts";
import type { Mode } from "../../src/config/start-conditions.ts";
import { aFolder, errorsOf } from "./config-file.ts";

/* What the tests of `providers:` begin with. */

export const variables = { OAUTH2_CLIENT_ID: "our-id", OAUTH2_CLIENT_SECRET: "our-secret" };
export const guid = "11111111-2222-3333-4444-555555555555";
export const personal = "9188040d-6c67-4c5b-b112-36a304b66dad";
export const credentials = "client_id: id, client_secret: secret";

/** Providers, one a line, each in YAML's short form. */
export const section = (...providers: readonly string[]) =>
  `providers:\n${providers.map((each) => `  - { ${each} }\n`).join("")}`;

export function load(
  t: TestContext,
  yaml: string,
  environment: Record<string, string> = {},
  mode: Mode = "serve",
) {
  const configPath = join(aFolder(t, { "gatehouse.yaml": yaml }), "gatehouse.yaml");
  return loadConfig({ environment, configPath }, mode);
}

/** The errors as an operator reads them: line, setting, found, expected. */
export function told(
  t: TestContext,
  yaml: string,
  environment: Record<string, string> = {},
  mode: Mode = "serve",
) {
  return errorsOf(t, yaml, environment, mode).map(
    ({ place, variable, found, expected }) =>
      `${/:(\d+):\d+$/.exec(place ?? "")?.[1]} ${variable}: ${found}; ${expected}`,
  );
}

/** That exactly one thing is wrong, and what is said of it. */
export function refused(
  t: TestContext,
  yaml: string,
  pattern: RegExp,
  environment: Record<string, string> = {},
  mode: Mode = "serve",
): void {
  const errors = told(t, yaml, environment, mode);
  assert.equal(errors.length, 1, `${yaml}${errors.join("\n")}`);
  assert.match(errors[0] ?? "", pattern);
}

export const work = `name: work, preset: microsoft, tenant: ${guid}, ${credentials}`;
export const github = `name: github, kind: github, ${credentials}`;
