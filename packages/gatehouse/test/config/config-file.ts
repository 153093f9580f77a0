import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { loadConfig } from "../../src/config/config.ts";
import { ConfigError, type ConfigProblem } from "../../src/config/config-errors.ts";
import type { Mode } from "../../src/config/start-conditions.ts";

/** A folder of its own with these files, which goes after the test. */
export function aFolder(t: TestContext, files: Readonly<Record<string, string | Buffer>>): string {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-config-"));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

/** The errors of a file with this text, beside an environment. */
export function errorsOf(
  t: TestContext,
  yaml: string | Buffer,
  environment: Readonly<Record<string, string>> = {},
  mode: Mode = "command",
): readonly ConfigProblem[] {
  const configPath = join(aFolder(t, { "gatehouse.yaml": yaml }), "gatehouse.yaml");
  try {
    loadConfig({ environment, configPath }, mode);
  } catch (error) {
    if (error instanceof ConfigError) return error.errors;
    throw error;
  }
  return [];
}
