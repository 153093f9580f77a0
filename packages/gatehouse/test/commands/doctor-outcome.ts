import assert from "node:assert/strict";
import type { Finding } from "../../src/insight/doctor/check.ts";
import { runCommand } from "./command-line.ts";

/** What `gatehouse doctor --json` says with these settings. */
export async function doctor(environment: Record<string, string>) {
  const { code, out, err } = await runCommand(["doctor", "--json"], environment);
  assert.equal(err, "");
  const findings = JSON.parse(out) as Finding[];
  const all = (id: string) => findings.filter((finding) => finding.id === id);
  return { code, findings, all, of: (id: string) => all(id)[0] ?? assert.fail(`no ${id} in ${out}`) };
}

/** A finding in a line. */
export const shown = ({ result, finding, mend }: Finding) =>
  [result, finding, mend].filter(Boolean).join(" | ");
