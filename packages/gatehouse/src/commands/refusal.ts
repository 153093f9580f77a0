/**
 * A command's no: the sentence the person reads (none: it has been said), and the exit code. 1: refused or
 * not found. 2: asked in a wrong way.
 */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly exitCode: 1 | 2;

  constructor(exitCode: 1 | 2, sentence: string) {
    super(sentence);
    this.exitCode = exitCode;
  }
}
