import { type DoctorCheck, type Finding, findingsOf, SkippedCheck } from "./check.ts";

export interface RunOptions {
  /** Milliseconds that one check may take. */
  readonly checkMs?: number;
  /** Milliseconds for all of them. */
  readonly allMs?: number;
}

/**
 * Runs checks, together where none needs another. Never rejects, whatever a check does: one that throws or
 * does not end in time has failed.
 * @returns what they found, in the order of the checks
 */
export async function runChecks(
  checks: readonly DoctorCheck[],
  options: RunOptions = {},
): Promise<Finding[]> {
  const { checkMs = 10_000, allMs = 60_000 } = options;
  const all = AbortSignal.timeout(allMs);
  const running = new Map<string, Promise<readonly Finding[]>>();
  for (const check of checks) {
    const needed = (check.needs ?? []).map((id) => ({ id, findings: running.get(id) }));
    running.set(
      check.id,
      runAfter(check, needed, () => AbortSignal.any([all, AbortSignal.timeout(checkMs)])),
    );
  }
  return (await Promise.all(running.values())).flat();
}

async function runAfter(
  check: DoctorCheck,
  needed: readonly { readonly id: string; readonly findings: Promise<readonly Finding[]> | undefined }[],
  startClock: () => AbortSignal,
): Promise<readonly Finding[]> {
  const { fail, skipped } = findingsOf(check.id);
  for (const { id, findings = [] } of needed) {
    const missing = (await findings).some(({ result }) => result === "fail" || result === "skipped");
    if (missing) return [skipped(`It needs ${id} to pass.`)];
  }
  const signal = startClock();
  try {
    return [await Promise.race([check.run(signal), untilAborted(signal)])].flat();
  } catch (error) {
    if (error instanceof SkippedCheck) return [skipped(error.message)];
    if (signal.aborted) {
      return [fail("It did not end in its time.", "See whether what it asks hangs; then run it again.")];
    }
    const what = error instanceof Error ? error.message : String(error);
    return [fail(`The check broke: ${what}.`, "Tell its makers what it says here.")];
  }
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
