import type { SealedRecord } from "../../oauth/audit-record.ts";
import type { AuditEvent } from "../../oauth/ports.ts";
import type { AuditBatch, AuditHead, AuditStore, NewAuditChain } from "../../oauth/store/audit.ts";
import { StoreUnavailableError } from "../../oauth/store.ts";
import { headText } from "./heads.ts";
import { type MentionedAddress, type RecordOptions, toRecord } from "./record.ts";
import { type AuditKey, addressId, headSeal, recordMac, sealerOf } from "./seals.ts";

/** Events that wait while the store refuses them; what comes then is lost, and counted. */
const maxWaiting = 10_000;
/** Records a write takes: so many that its flush is shared. */
const batchSize = 256;
/** So many are sealed at once, some 0.2 ms of work: all of a batch would be felt by whoever asks then. */
const sealedAtOnce = 32;
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

/** A record with its place in the chain. */
interface Placed {
  readonly record: SealedRecord;
  readonly mentions: readonly MentionedAddress[];
}

/** What is written at once, and who waits for it. */
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
  /** The records of those of them who came first. */
  const placed: Placed[] = [];
  /** What is being written, or was refused, and has to be written before anything else. */
  let sealed: Sealed | undefined;
  let chain: NewAuditChain | undefined;
  /** Of the chain, once it is open. */
  let number = 0;
  let isOpen = false;
  /** Of the chain, what got a place last. */
  let latest: Pick<AuditHead, "sequence" | "mac" | "time"> = noRecord;
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
    if (waiting.length - placed.length >= sealedAtOnce && !refused) place(waiting.length);
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

  function takeBatch(): Sealed {
    const count = Math.min(waiting.length, batchSize);
    place(count);
    due = Math.max(0, due - count);
    return seal(waiting.splice(0, count), placed.splice(0, count), false);
  }

  async function writeSome(): Promise<void> {
    if (sealed === undefined) place(Math.min(waiting.length, batchSize));
    await openChain();
    sealed ??= takeBatch();
    if ((await store.appendAudit(sealed.batch)) === "strange") {
      // The database is another one than it was, as after a restore: what is to be written begins a chain
      // there.
      leaveChain();
      const { waiting: same, batch } = sealed;
      sealed = seal(same, same.map(placedBehindLatest), batch.head.isEnded);
      await openChain();
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
      leaveChain();
    }
    if (first) onState?.(error);
    for (const each of [...(sealed?.waiting ?? []), ...waiting]) each.reject?.(error);
  }

  /** What has a place and is not written gets one in another chain. */
  function leaveChain(): void {
    chain = undefined;
    isOpen = false;
    latest = noRecord;
    placed.length = 0;
  }

  /** Once something has a place in it. */
  async function openChain(): Promise<void> {
    if (isOpen || chain === undefined) return;
    const begun = { ...noRecord, time: chain.openedAt, isEnded: false };
    const head = { ...begun, seal: headSeal(key, chain, begun) };
    number = await store.openAuditChain(chain, head, sealerOf(key));
    isOpen = true;
  }

  /** Gives the first of those who wait their places. */
  function place(count: number): void {
    for (const each of waiting.slice(placed.length, count)) placed.push(placedBehindLatest(each));
  }

  function placedBehindLatest({ event, time: at }: Waiting): Placed {
    // Nothing in a chain is older than its first event.
    chain ??= { chain: newChain(random), instance, keyId: key?.id, openedAt: at };
    const { record: unplaced, mentions } = toRecord(event, recording);
    const record = {
      ...unplaced,
      chain: chain.chain,
      sequence: latest.sequence + 1,
      // In a chain time never goes back, whatever the computer's clock does.
      time: Math.max(latest.time, at),
      mac: latest.mac,
    };
    record.mac = recordMac(key, latest.mac, record);
    latest = record;
    return { record, mentions };
  }

  /** @param records of those who wait, at least one */
  function seal(some: readonly Waiting[], records: readonly Placed[], isEnded: boolean): Sealed {
    const end = records.at(-1)?.record;
    if (chain === undefined || end === undefined) throw new Error("no record has a place");
    const head = { sequence: end.sequence, mac: end.mac, time: end.time, isEnded };
    const addresses = records.flatMap(({ record: { chain, sequence }, mentions }) =>
      mentions.map((mention) => ({ ...mention, chain, sequence })),
    );
    const batch = {
      chain: chain.chain,
      records: records.map(({ record }) => record),
      addresses,
      head: { ...head, seal: headSeal(key, chain, head) },
      isAwaited: isEnded || some.some(({ resolve }) => resolve !== undefined),
    };
    return { batch, waiting: some };
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
      const each = { event: last, time: now() };
      sealed = seal([each], [placedBehindLatest(each)], true);
      await writeDue();
    },
  };
}

const noRecord = { sequence: 0, mac: "", time: 0 } as const;

function newChain(random: (count: number) => Buffer): string {
  return Array.from(random(12), (byte) => alphabet[byte & 31]).join("");
}
