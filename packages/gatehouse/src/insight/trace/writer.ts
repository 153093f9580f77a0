import type { Trace } from "../../oauth/ports.ts";
import type { StoredTraceStep, TraceStore } from "../../oauth/store/traces.ts";
import { StoreUnavailableError } from "../../oauth/store.ts";
import type { TraceStep } from "../../oauth/trace-step.ts";

/** Steps that wait to be written, at most: some megabytes. */
const maxWaiting = 5000;
/** Steps that are made harmless and written at once: requests wait for a few milliseconds at most. */
const batch = 100;
/** From a step to its write, and between attempts while the store is away, milliseconds. */
const delayMs = 400;
const retryMs = 2000;

export interface TraceWriterOptions {
  readonly store: Pick<TraceStore, "appendTraceSteps">;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** The name of this process, which stands beside each step. */
  readonly instance: string;
  /** Makes a stranger's text one short, harmless line. */
  readonly harmless: (text: string, maxLength: number) => string;
  /** Takes out of a text what looks like a credential. */
  readonly withoutSecrets: (text: string) => string;
  /** Told after each write, with the bytes that it took. */
  readonly onWritten?: (bytes: number) => void;
  /** Told once the store takes steps again how many were lost meanwhile. */
  readonly onLost?: (count: number) => void;
}

export interface TraceWriter extends Trace {
  /** Writes what waits. Never throws. */
  flush(): Promise<void>;
  /** Steps that were dropped since the start. */
  readonly lost: () => number;
  /** The same, and takes no more. */
  stop(): Promise<void>;
}

/**
 * Collects steps and writes them together, within a second. Taking one down is an array's push: what it costs
 * to make it harmless is paid by the batch. While the store is away as many wait as there is room for, and
 * what comes then is dropped and counted.
 */
export function createTraceWriter(options: TraceWriterOptions): TraceWriter {
  const { store, now, instance, onWritten, onLost } = options;
  /** As they came, and then in batches as they are written. */
  let taken: TraceStep[] = [];
  const packed: (readonly StoredTraceStep[])[] = [];
  let waiting = 0;
  let lost = 0;
  let untold = 0;
  let isAway = false;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> | undefined;
  let isStopped = false;

  const schedule = () => {
    if (timer !== undefined || isStopped) return;
    timer = setTimeout(() => void flush(), isAway ? retryMs : delayMs).unref();
  };

  const drop = (count: number) => {
    lost += count;
    untold += count;
  };

  function pack(): void {
    packed.push(taken.slice(0, batch).map((step) => stored(step, options)));
    taken = taken.slice(batch);
  }

  async function write(): Promise<void> {
    for (;;) {
      if (packed.length === 0 && taken.length > 0) pack();
      const [some] = packed;
      if (some === undefined) break;
      isAway = false;
      try {
        await store.appendTraceSteps(some);
        onWritten?.(some.reduce((sum, { json }) => sum + json.length, 0));
      } catch (error) {
        isAway = error instanceof StoreUnavailableError; // others tell of that, and it is tried again
        if (isAway) break;
        drop(some.length);
      }
      packed.shift();
      waiting -= some.length;
    }
    // What waits for the store holds on to no request.
    while (isAway && taken.length > 0) {
      pack();
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (isAway || untold === 0) return;
    onLost?.(untold);
    untold = 0;
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    // One after the other, so that steps stand in their order.
    writing = (writing ?? Promise.resolve()).then(write).finally(() => {
      if (waiting > 0) schedule();
    });
    return writing;
  }

  return {
    step(step) {
      if (isStopped) return;
      if (waiting >= maxWaiting) {
        drop(1);
        return;
      }
      waiting++;
      taken.push({ ...step, time: now(), instance });
      schedule();
    },
    flush,
    lost: () => lost,
    async stop() {
      isStopped = true;
      await flush();
      clearTimeout(timer);
    },
  };
}

/** Of values, in characters. */
const maxLength = { word: 200, value: 300 };

/** A step as it is kept: every value short, harmless, and without what looks like a credential. */
function stored(step: TraceStep, { harmless, withoutSecrets }: TraceWriterOptions): StoredTraceStep {
  const word = (text: string | undefined) => text && withoutSecrets(harmless(text, maxLength.word));
  const value = (text: string | undefined) => text && withoutSecrets(harmless(text, maxLength.value));
  const clean: TraceStep = {
    reference: step.reference,
    time: step.time,
    instance: step.instance,
    step: step.step,
    outcome: step.outcome,
    client: word(step.client),
    subject: word(step.subject),
    resource: word(step.resource),
    rule: word(step.rule),
    expected: value(step.expected),
    received: value(step.received),
    facts: step.facts && cleanFacts(step.facts, value),
  };
  return { ...clean, json: JSON.stringify(clean) };
}

function cleanFacts(
  facts: NonNullable<TraceStep["facts"]>,
  value: (text: string | undefined) => string | undefined,
): Record<string, string> {
  const clean: Record<string, string> = {};
  for (const [name, text] of Object.entries(facts)) {
    const shown = value(text);
    if (shown !== undefined && shown !== "") clean[name] = shown;
  }
  return clean;
}
