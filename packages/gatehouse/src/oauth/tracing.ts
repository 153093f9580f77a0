import type { OAuthRequest } from "./messages/request.ts";
import type { Trace } from "./ports.ts";
import type { TraceOutcome, TraceStep, WrittenStepName } from "./trace-step.ts";

/** What a step says beside its name, its time and where it was taken. */
export type StepFacts = Omit<TraceStep, "reference" | "step" | "outcome" | "time" | "instance">;

/** What takes nothing down. */
export const untraced: Trace = { step: () => undefined };

/** Takes down a step of the attempt that a request belongs to (Z06). */
export function traceStep(
  { trace }: { readonly trace: Trace },
  { id }: Pick<OAuthRequest, "id">,
  step: WrittenStepName,
  facts: StepFacts = {},
  outcome: TraceOutcome = "ok",
): void {
  trace.step({ ...facts, reference: id, step, outcome });
}

/** Who sent a request, as far as it can be seen: what tells two browsers of one attempt apart. */
export function senderOf({ address, headers }: Pick<OAuthRequest, "address" | "headers">) {
  return { address, browser: headers.userAgent };
}
