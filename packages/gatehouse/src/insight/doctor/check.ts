/** What a check found, in sentences for whoever runs the server; without secrets. */
export interface Finding {
  /** `db.reach`, `walk.discovery` */
  readonly id: string;
  readonly result: "ok" | "warn" | "fail" | "skipped";
  readonly finding: string;
  /** What to do about it. */
  readonly mend?: string;
  /** Of `walk.*`: which client. */
  readonly client?: string;
}

/** Something that `gatehouse doctor` looks at. */
export interface DoctorCheck {
  readonly id: string;
  /** Checks that have to pass before; where one does not, this one is skipped. */
  readonly needs?: readonly string[];
  /**
   * May throw: {@link SkippedCheck} where it cannot be made, anything else counts as its failure.
   * @param signal aborted when its time is over
   */
  run(signal: AbortSignal): Promise<Finding | readonly Finding[]>;
}

/** A check cannot be made. The message is the sentence that says why. */
export class SkippedCheck extends Error {
  override readonly name = "SkippedCheck";
}

/** Makes the findings of a check. */
export const findingsOf = (id: string) => ({
  ok: (finding: string): Finding => ({ id, result: "ok", finding }),
  warn: (finding: string, mend: string): Finding => ({ id, result: "warn", finding, mend }),
  fail: (finding: string, mend: string): Finding => ({ id, result: "fail", finding, mend }),
  skipped: (finding: string): Finding => ({ id, result: "skipped", finding }),
});
