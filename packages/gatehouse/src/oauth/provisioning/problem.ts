import type { ProvisioningProblem } from "../reason.ts";
import type { Declared } from "../records.ts";

export class ProvisioningError extends Error {
  override readonly name = "ProvisioningError";
  readonly problem: ProvisioningProblem;
  /** The part that is wrong, or why, in English. */
  readonly about: string | undefined;
  /** Where a file has it, for `declared`. */
  readonly declared: Declared | undefined;

  constructor(problem: ProvisioningProblem, about?: string, declared?: Declared) {
    super(about === undefined ? problem : `${problem}: ${about}`);
    this.problem = problem;
    this.about = about;
    this.declared = declared;
  }
}
