import type { AuditEvent } from "../../oauth/ports.ts";
import type { AuditBatch, AuditHead, AuditStore, NewAuditChain } from "../../oauth/store/audit.ts";
import { StoreUnavailableError } from "../../oauth/store.ts";
import { headText } from "./heads.ts";
import { type MentionedAddress, type RecordOptions, toRecord, type UnplacedRecord } from "./record.ts";
import { type AuditKey, addressId, headSeal, recordMac, sealerOf } from "./seals.ts";

/** Events that wait while the store refuses them; what comes then is lost, and counted. */
const maxWaiting = 10_000;
/** Records a write takes: so many that its flush is shared, and no more than some milliseconds of work. */
const batchSize = 256;
/** From an event to its write, and from a write that failed to the next, milliseconds. */
const delayMs = 500;
const retryMs = 1000;

/** Of 32 as in references, which are no words. */
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

export interface AuditWriterOptions {
  readonly store: Pick<AuditStore, "openAuditChain" | "appendAudit">;
  /** `undefined`: records are chained, and sealed by nobody. */
  readonly key: AuditKey | undefined;
  readonly instance: string;
  readonly random: (count: number) => Buffer;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly withoutSecrets: RecordOptions["withoutSecrets"];
  /** Told what is durable now. */
  readonly onWritten?: (batch: AuditBatch) => void;
  /** Told when the store refuses what is to be written, and when it takes it again. */
  readonly onState?: (refused: unknown) => void;
  /** Told how many events were lost, once the store takes others again. */
  readonly onLost?: (count: number) => void;
}

/** An event that waits, and who waits for it. */
interface Waiting {
  readonly event: AuditEvent;
  readonly time: number;
  readonly resolve?: () => void;
  readonly reject?: (error: unknown) => void;
}

/** Records with what the store needs beside them, once they have their place in a chain. */
interface Sealed {
  readonly batch: AuditBatch;
  readonly waiting: readonly Waiting[];
}

export interface AuditWriter {
  /** Takes an event down, to be written within a second. Costs an array's push. */
  add(event: AuditEvent): void;
  /** Writes an event at once, and resolves when it is durable. Throws {@link StoreUnavailableError}. */
  record(event: AuditEvent): Promise<void>;
  /** Writes what waits. Never throws. */
  flush(): Promise<void>;
  /** What becomes of events here. */
  state(): AuditWriterState;
  /** Writes what waits and `last`, ends the chain, and takes no more. Never throws. */
  stop(last?: AuditEvent): Promise<void>;
}

export interface AuditWriterState {
  readonly waiting: number;
  readonly lost: number;
  readonly written: number;
  /** Of what is durable, as {@link headText} writes it; `undefined`: nothing is yet. */
  readonly head: string | undefined;
}

/**
 * Writes events into a chain of its own, which no other process writes (Z17): together, behind those who wait
 * for an answer. What the store refuses waits, and is tried again (Z16).
 */
export function createAuditWriter(options: AuditWriterOptions): AuditWriter {
  const { store, key, instance, random, now, onState, onLost } = options;
  const waiting: Waiting[] = [];
  /** What is being written, or was refused, and has to be written before anything else. */
  let sealed: Sealed | undefined;
  let chain: NewAuditChain | undefined;
  /** Of the chain, once it is open. */
  let number = 0;
  let isOpen = false;
  let head: Omit<AuditHead, "seal"> = noHead;
  let durable: string | undefined;
  let written = 0;
  let lost = 0;
  let untold = 0;
  let refused = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  /** As many of those who wait are to be written now; who comes meanwhile fills the next batch. */
  let due = 0;
  let isStopped = false;

  const recording: RecordOptions = {
    instance,
    withoutSecrets: options.withoutSecrets,
    mention(address) {
      const salt = random(16).toString("base64url");
      return { id: addressId(key, { salt, address }), salt };
    },
  };

  function take(each: Waiting): void {
    if (waiting.length >= maxWaiting || isStopped) {
      lost++;
      untold++;
      each.reject?.(new StoreUnavailableError("the audit trail takes nothing now"));
      return;
    }
    waiting.push(each);
    if (each.resolve !== undefined) return void run();
    if (waiting.length - due >= batchSize && !refused) void run(due + batchSize);
    else timer ??= setTimeout(() => void run(), refused ? retryMs : delayMs).unref();
  }

  /** @param count of those who wait, the first ones */
  function run(count = waiting.length): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    due = Math.max(due, count);
    running ??= writeDue().finally(() => {
      running = undefined;
      due = 0;
      if (waiting.length + (sealed?.waiting.length ?? 0) === 0 || isStopped) return;
      if (!refused && waiting.some(({ resolve }) => resolve !== undefined)) return void run();
      timer ??= setTimeout(() => void run(), refused ? retryMs : delayMs).unref();
    });
    return running;
  }

  async function writeDue(): Promise<void> {
    while (sealed !== undefined || due > 0) {
      try {
        await writeSome();
      } catch (error) {
        fail(error);
        return;
      }
    }
  }

  function takeBatch(): Waiting[] {
    const some = waiting.splice(0, batchSize);
    due = Math.max(0, due - some.length);
    return some;
  }

  async function writeSome(): Promise<void> {
    const opened = await openChain();
    sealed ??= sealBatch(opened, takeBatch(), false);
    const { batch } = sealed;
    if ((await store.appendAudit(batch)) === "strange") {
      // The database is another one than it was, as after a restore: what is to be written begins a chain
      // there.
      isOpen = false;
      chain = undefined;
      head = noHead;
      sealed = sealBatch(await openChain(), sealed.waiting, batch.head.isEnded);
      if ((await store.appendAudit(sealed.batch)) === "strange")
        throw new Error("the audit trail takes no chain");
    }
    const { batch: durableBatch, waiting: done } = sealed;
    durable = headText({ number, chain: durableBatch.chain, ...durableBatch.head });
    written += done.length;
    sealed = undefined;
    if (refused) {
      refused = false;
      onState?.(undefined);
    }
    for (const { resolve } of done) resolve?.();
    options.onWritten?.(durableBatch);
    if (untold === 0) return;
    const count = untold;
    untold = 0;
    onLost?.(count);
    const detail = `${count} events found no room while the database refused them`;
    waiting.push({ event: { name: "audit_lost", request: "-", count, detail }, time: now() });
    due = waiting.length;
  }

  function fail(error: unknown): void {
    const first = !refused;
    refused = true;
    // What the store cannot take, now or ever, must not keep everything else from being written.
    if (!(error instanceof StoreUnavailableError) && sealed !== undefined) {
      lost += sealed.waiting.length;
      untold += sealed.waiting.length;
      for (const { reject } of sealed.waiting) reject?.(error);
      sealed = undefined;
      isOpen = false;
      chain = undefined;
      head = noHead;
    }
    if (first) onState?.(error);
    for (const each of [...(sealed?.waiting ?? []), ...waiting]) each.reject?.(error);
  }

  async function openChain(): Promise<NewAuditChain> {
    // Nothing in it is older than its first event.
    const openedAt = (sealed?.waiting ?? waiting)[0]?.time ?? now();
    chain ??= { chain: newChain(random), instance, keyId: key?.id, openedAt };
    if (isOpen) return chain;
    const begun = { ...noHead, time: chain.openedAt };
    number = await store.openAuditChain(
      chain,
      { ...begun, seal: headSeal(key, chain, begun) },
      sealerOf(key),
    );
    isOpen = true;
    head = begun;
    return chain;
  }

  /** Gives records their places behind the last one. */
  function sealBatch(opened: NewAuditChain, some: readonly Waiting[], isEnded: boolean): Sealed {
    let { sequence, mac, time } = head;
    const addresses: AuditBatch["addresses"][number][] = [];
    const place = (record: UnplacedRecord, mentions: readonly MentionedAddress[]) => {
      sequence++;
      // In a chain time never goes back, whatever the computer's clock does.
      time = Math.max(time, record.time);
      const placed = { ...record, time, chain: opened.chain, sequence, mac };
      mac = recordMac(key, mac, placed);
      placed.mac = mac;
      for (const each of mentions) addresses.push({ ...each, chain: opened.chain, sequence });
      return placed;
    };
    const records = some.map((each) => {
      const { record, mentions } = toRecord(each.event, each.time, recording);
      return place(record, mentions);
    });
    head = { sequence, mac, time, isEnded };
    const sealedHead = { ...head, seal: headSeal(key, opened, head) };
    return { batch: { chain: opened.chain, records, addresses, head: sealedHead }, waiting: some };
  }

  return {
    add: (event) => take({ event, time: now() }),
    record: (event) =>
      new Promise((resolve, reject) => {
        take({ event, time: now(), resolve, reject });
      }),
    flush: () => run(),
    state: () => ({
      waiting: waiting.length + (sealed?.waiting.length ?? 0),
      lost,
      written,
      head: durable,
    }),
    async stop(last) {
      await run();
      isStopped = true;
      clearTimeout(timer);
      if (last === undefined || !isOpen || sealed !== undefined || waiting.length > 0) return;
      sealed = sealBatch(await openChain(), [{ event: last, time: now() }], true);
      await writeDue();
    },
  };
}

const noHead = { sequence: 0, mac: "", time: 0, isEnded: false } as const;

function newChain(random: (count: number) => Buffer): string {
  return Array.from(random(12), (byte) => alphabet[byte & 31]).join("");
}
