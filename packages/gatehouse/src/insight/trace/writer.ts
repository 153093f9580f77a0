import type { Trace } from "../../oauth/ports.ts";
import type { StoredTraceStep, TraceStore } from "../../oauth/store/traces.ts";
import type { TraceStep } from "../../oauth/trace-step.ts";

/** Steps that wait to be written, at most: some megabytes. */
const maxWaiting = 5000;
/** Steps a write takes at once. */
const batch = 500;
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
  let taken: TraceStep[] = [];
  let waiting: StoredTraceStep[] = [];
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

  async function write(): Promise<void> {
    // Made small at once, so that what waits for the store holds on to no request.
    waiting.push(...taken.map((step) => stored(step, options)));
    taken = [];
    while (waiting.length > 0) {
      const some = waiting.slice(0, batch);
      try {
        await store.appendTraceSteps(some);
        isAway = false;
      } catch {
        isAway = true; // the store's own readers tell of it; what waits is tried again
        break;
      }
      waiting = waiting.slice(some.length);
      onWritten?.(some.reduce((sum, { json }) => sum + json.length, 0));
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
      if (waiting.length + taken.length > 0) schedule();
    });
    return writing;
  }

  return {
    step(step) {
      if (isStopped) return;
      if (taken.length + waiting.length >= maxWaiting) {
        lost++;
        untold++;
        return;
      }
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
