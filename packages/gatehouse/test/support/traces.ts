import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { readSteps } from "../../src/insight/trace/read.ts";
import type { TraceStep, TraceStepName } from "../../src/oauth/trace-step.ts";
import type { TestGatehouse } from "./gatehouse.ts";

/**
 * The steps of an attempt, those that the audit trail tells among them, once this one is written: nobody
 * waits for that, so a test has to.
 */
export async function traceOf(
  { store }: Pick<TestGatehouse, "store">,
  reference: string,
  last: TraceStepName,
): Promise<readonly TraceStep[]> {
  for (let tries = 0; ; tries++) {
    const { steps } = await readSteps(store, reference, 0);
    if (steps.some(({ step }) => step === last)) return steps;
    if (tries > 200) assert.fail(`no ${last} in ${JSON.stringify(steps)}`);
    await pause(25);
  }
}

export const namesOf = (steps: readonly TraceStep[]): string[] => steps.map(({ step }) => step);

/** The only step of this name. */
export function stepOf(steps: readonly TraceStep[], name: TraceStepName): TraceStep {
  const [found, ...others] = steps.filter(({ step }) => step === name);
  assert.deepEqual(others, []);
  return found ?? assert.fail(`no ${name} in ${namesOf(steps)}`);
}
