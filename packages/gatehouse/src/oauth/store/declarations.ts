import type { DeclarationOutcome, Declarations, DeclaredKind, DeclaredName } from "../declarations.ts";
import type { Seconds } from "../values.ts";

/**
 * Resources and clients that a file declares. See {@link Store} for what holds for all operations.
 */
export interface DeclarationStore {
  /**
   * Makes the declared resources, clients, or both what is given; what a command added under the same name is
   * declared from then on. One that was declared and is not given has left: it stays, and does nothing; given
   * again unchanged within {@link leftFor}, it is as if it had never left. Nothing changes unless it is
   * `declared`, nor when all is so already. Of two that declare at once the later one's declarations hold, as
   * a whole.
   */
  declare(declarations: Declarations, now: Seconds): Promise<DeclarationOutcome>;
  /** The fingerprints of the declarations that hold. */
  findDeclarations(): Promise<Partial<Record<DeclaredKind, string>>>;
  /**
   * Ends what was granted for one that left at `leftBefore` or earlier, in small batches, and removes it.
   * Returns how many grants; `undefined`, and nothing changed, for one that did not.
   */
  endLeft(name: DeclaredName, leftBefore: Seconds): Promise<{ readonly grants: number } | undefined>;
  /** How many live grants there are for it. Reads all grants where it is a resource. */
  countGrantsFor(name: DeclaredName, now: Seconds): Promise<number>;
}
