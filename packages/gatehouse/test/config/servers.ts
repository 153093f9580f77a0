import { join } from "node:path";
import type { TestContext } from "node:test";
import { loadConfig } from "../../src/config/config.ts";
import { aFolder, errorsOf } from "./config-file.ts";

export const production = { BASE_URL: "https://auth.example.com" };

/** The configuration of a file. */
export function serversIn(t: TestContext, yaml: string, environment: Record<string, string> = production) {
  const configPath = join(aFolder(t, { "gatehouse.yaml": yaml }), "gatehouse.yaml");
  return loadConfig({ environment, configPath }, "command");
}

/** Each error with its line and column in the file. */
export const oneLine = (errors: ReturnType<typeof errorsOf>) =>
  errors.map(({ variable, place, found }) => `${/\d+:\d+$/.exec(place ?? "")?.[0]} ${variable}: ${found}`);

/** The errors of one server with these lines, at `upstream` unless they say otherwise. */
export function refused(t: TestContext, lines: string, environment: Record<string, string> = production) {
  const upstream = /upstream|command/.test(lines) ? "" : "upstream: http://127.0.0.1:3000/mcp, ";
  return errorsOf(t, `servers:\n  - { name: notes, ${upstream}${lines} }\n`, environment);
}
