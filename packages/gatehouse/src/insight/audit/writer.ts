import type { SealedRecord, UnplacedRecord } from "../../oauth/audit-record.ts";
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
/** So many become records at once, some 0.2 ms of work: all of a batch would be felt by whoever asks then. */
const placedAtOnce = 32;
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

/** Whoever waits until something is durable. */
interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** An event that has no place yet. */
interface Told {
  readonly event: AuditEvent;
  readonly time: number;
  readonly waiter: Waiter | undefined;
}

/**
 * A record with its place in the chain. Of a class: objects that a literal makes and that outlive a
 * collection of young garbage, as those of a batch do, V8 learns to make among the old ones. There they
 * keep their records alive until the next full collection, which cost 3 to 5 µs a record.
 */
class Placed {
  readonly record: SealedRecord;
  readonly mentions: readonly MentionedAddress[];
  readonly waiter: Waiter | undefined;

  constructor(record: SealedRecord, mentions: readonly MentionedAddress[], waiter: Waiter | undefined) {
    this.record = record;
    this.mentions = mentions;
    this.waiter = waiter;
  }
}

/** What is written at once. */
interface Sealed {
  readonly batch: AuditBatch;
  readonly placed: readonly Placed[];
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
  /** What waits, in its order: first what has its place, then what has none yet. */
  let placed: Placed[] = [];
  let told: Told[] = [];
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

  const waiting = () => placed.length + told.length;

  function take(each: Told): void {
    if (waiting() >= maxWaiting || isStopped) {
      lost++;
      untold++;
      each.waiter?.reject(new StoreUnavailableError("the audit trail takes nothing now"));
      return;
    }
    told.push(each);
    if (told.length >= placedAtOnce) place();
    if (each.waiter !== undefined) return void run();
    if (waiting() - due >= batchSize && !refused) void run(due + batchSize);
    else timer ??= setTimeout(() => void run(), refused ? retryMs : delayMs).unref();
  }

  /** @param count of what waits, the first ones */
  function run(count = waiting()): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    due = Math.max(due, count);
    running ??= writeDue().finally(() => {
      running = undefined;
      due = 0;
      if (waiting() + (sealed?.placed.length ?? 0) === 0 || isStopped) return;
      if (!refused && [...placed, ...told].some(isAwaited)) return void run();
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
    if (placed.length < batchSize) place();
    const some = placed.slice(0, batchSize);
    placed = placed.slice(batchSize);
    due = Math.max(0, due - some.length);
    return seal(some, false);
  }

  async function writeSome(): Promise<void> {
    if (chain === undefined) place();
    await openChain();
    sealed ??= takeBatch();
    if ((await store.appendAudit(sealed.batch)) === "strange") {
      // The database is another one than it was, as after a restore: what is to be written begins a chain
      // there.
      const { placed: same, batch } = sealed;
      placed.unshift(...same);
      leaveChain();
      sealed = seal(placed.splice(0, same.length), batch.head.isEnded);
      await openChain();
      if ((await store.appendAudit(sealed.batch)) === "strange")
        throw new Error("the audit trail takes no chain");
    }
    const { batch: durableBatch, placed: done } = sealed;
    durable = headText({ number, chain: durableBatch.chain, ...durableBatch.head });
    written += done.length;
    sealed = undefined;
    if (refused) {
      refused = false;
      onState?.(undefined);
    }
    for (const { waiter } of done) waiter?.resolve();
    options.onWritten?.(durableBatch);
    if (untold === 0) return;
    const count = untold;
    untold = 0;
    onLost?.(count);
    const detail = `${count} events found no room while the database refused them`;
    const event = { name: "audit_lost", request: "-", count, detail } as const;
    told.push({ event, time: now(), waiter: undefined });
    due = waiting();
  }

  function fail(error: unknown): void {
    const first = !refused;
    refused = true;
    // What the store cannot take, now or ever, must not keep everything else from being written.
    if (!(error instanceof StoreUnavailableError) && sealed !== undefined) {
      lost += sealed.placed.length;
      untold += sealed.placed.length;
      for (const { waiter } of sealed.placed) waiter?.reject(error);
      sealed = undefined;
      leaveChain();
    }
    if (first) onState?.(error);
    for (const { waiter } of [...(sealed?.placed ?? []), ...placed, ...told]) waiter?.reject(error);
  }

  /** What waits and has a place gets one in another chain. */
  function leaveChain(): void {
    chain = undefined;
    isOpen = false;
    latest = noRecord;
    placed = placed.map(
      ({ record, mentions, waiter }) => new Placed(placedBehindLatest(record, record.time), mentions, waiter),
    );
  }

  /** Once something has a place in it. */
  async function openChain(): Promise<void> {
    if (isOpen || chain === undefined) return;
    const begun = { ...noRecord, time: chain.openedAt, isEnded: false };
    const head = { ...begun, seal: headSeal(key, chain, begun) };
    number = await store.openAuditChain(chain, head, sealerOf(key));
    isOpen = true;
  }

  /** Makes a record of each event that waits, and gives it its place. */
  function place(): void {
    for (const each of told) placed.push(placedOf(each));
    told = [];
  }

  function placedOf({ event, time, waiter }: Told): Placed {
    const { record, mentions } = toRecord(event, recording);
    return new Placed(placedBehindLatest(record, time), mentions, waiter);
  }

  function placedBehindLatest(unplaced: UnplacedRecord, at: number): SealedRecord {
    // Nothing in a chain is older than its first event.
    chain ??= { chain: newChain(random), instance, keyId: key?.id, openedAt: at };
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
    return record;
  }

  /** @param some of what has a place, at least one */
  function seal(some: readonly Placed[], isEnded: boolean): Sealed {
    const end = some.at(-1)?.record;
    if (chain === undefined || end === undefined) throw new Error("no record has a place");
    const head = { sequence: end.sequence, mac: end.mac, time: end.time, isEnded };
    const addresses = some.flatMap(({ record: { chain, sequence }, mentions }) =>
      mentions.map((mention) => ({ ...mention, chain, sequence })),
    );
    const batch = {
      chain: chain.chain,
      records: some.map(({ record }) => record),
      addresses,
      head: { ...head, seal: headSeal(key, chain, head) },
      isAwaited: isEnded || some.some(isAwaited),
    };
    return { batch, placed: some };
  }

  return {
    add: (event) => take({ event, time: now(), waiter: undefined }),
    record: (event) =>
      new Promise((resolve, reject) => {
        take({ event, time: now(), waiter: { resolve, reject } });
      }),
    flush: () => run(),
    state: () => ({
      waiting: waiting() + (sealed?.placed.length ?? 0),
      lost,
      written,
      head: durable,
    }),
    async stop(last) {
      await run();
      isStopped = true;
      clearTimeout(timer);
      if (last === undefined || !isOpen || sealed !== undefined || waiting() > 0) return;
      sealed = seal([placedOf({ event: last, time: now(), waiter: undefined })], true);
      await writeDue();
    },
  };
}

const isAwaited = ({ waiter }: Pick<Placed, "waiter">) => waiter !== undefined;

const noRecord = { sequence: 0, mac: "", time: 0 } as const;

function newChain(random: (count: number) => Buffer): string {
  return Array.from(random(12), (byte) => alphabet[byte & 31]).join("");
}
