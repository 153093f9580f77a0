import type { AuditSealer, AuditStore } from "../../oauth/store/audit.ts";

/** How long records are kept, milliseconds, and how many bytes of them. */
export interface AuditRetention {
  readonly ageMs: number;
  readonly bytes: number;
}

/** What left the trail, and why. */
export interface Trimmed {
  readonly aged: number;
  /** For want of room. */
  readonly crowded: number;
}

/** Records a removal takes at once: nobody waits for it long. */
const batch = 500;

/**
 * Removes what is too old, and then the oldest of what is too much (Z19). Of each chain is noted, under a
 * seal, up to where: what is left verifies from there on.
 */
export async function trimAudit(
  store: Pick<AuditStore, "trimAudit" | "findAuditChains">,
  { ageMs, bytes }: AuditRetention,
  sealer: AuditSealer,
  now: number,
  signal?: AbortSignal,
): Promise<Trimmed> {
  let [aged, crowded] = [0, 0];
  for (;;) {
    const { records } = await store.trimAudit(now - ageMs, batch, sealer);
    aged += records;
    if (signal?.aborted) return { aged, crowded };
    if (records < batch) break;
    await others();
  }
  const { chains } = await store.findAuditChains();
  let excess = chains.reduce((sum, each) => sum + each.bytes, 0) - bytes;
  while (excess > 0 && !signal?.aborted) {
    // Not more of them than are too many, whatever they say.
    const some = Math.max(1, Math.min(batch, Math.floor(excess / 1000)));
    const gone = await store.trimAudit(now, some, sealer);
    if (gone.records === 0) break;
    crowded += gone.records;
    excess -= gone.bytes;
    await others();
  }
  return { aged, crowded };
}

/** Lets them have the store. */
const others = () => new Promise((resolve) => setImmediate(resolve));
