import { promisify } from "node:util";
import { gzip } from "node:zlib";

/** Where and how one kind of thing (spans, log records) is sent. */
export interface OtlpTarget {
  /** The whole URL, such as `http://collector:4318/v1/traces`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds for one attempt. */
  readonly timeoutMs: number;
  readonly gzip: boolean;
}

export interface OtlpExporter<Item> {
  /** Takes it for the next batch; waits for nothing, and never throws. */
  add(item: Item): void;
  /** Items that wait. */
  readonly waiting: number;
  /** Items that were given up since the start: there were too many, or the collector refused them. */
  readonly dropped: number;
  /** Tries once more to send what waits, for two seconds at most. */
  close(): Promise<void>;
}

interface ExporterOptions<Item> {
  readonly target: OtlpTarget;
  /** Makes the body of a batch. */
  readonly body: (items: readonly Item[]) => object;
  /** Beyond that the oldest are given up. */
  readonly maxWaiting: number;
  /** Milliseconds that items wait for others. */
  readonly delayMs: number;
  /** Told when it does not get through any more, and when it does again. */
  readonly onTrouble: (why: string) => void;
  readonly onRecovery: (dropped: number) => void;
}

/** Items of a batch. */
const batchSize = 512;
const firstPauseMs = 1000;
const maxPauseMs = 30_000;
const closeMs = 2000;
/** OTLP/HTTP, Failures: these may be sent again. */
const retryable = new Set([429, 502, 503, 504]);

const compress = promisify(gzip);

/** Sends batches by OTLP/HTTP in JSON. What cannot be sent waits, up to a bound; nobody waits for it. */
export function createOtlpExporter<Item>(options: ExporterOptions<Item>): OtlpExporter<Item> {
  const { target, body, maxWaiting, delayMs } = options;
  const waiting: Item[] = [];
  let dropped = 0;
  let pauseMs = 0;
  let troubledAt: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  let sending: Promise<void> | undefined;
  let closed = false;
  const ending = new AbortController();

  function schedule(afterMs: number): void {
    if (closed) return;
    timer ??= setTimeout(() => {
      timer = undefined;
      void send();
    }, afterMs).unref();
  }

  /** One attempt; concurrent callers share it. */
  function send(): Promise<void> {
    sending ??= sendBatch().finally(() => {
      sending = undefined;
      if (waiting.length > 0) schedule(pauseMs > 0 ? pauseMs : waiting.length >= batchSize ? 0 : delayMs);
    });
    return sending;
  }

  async function sendBatch(): Promise<void> {
    const batch = waiting.splice(0, batchSize);
    if (batch.length === 0) return;
    const outcome = await attempt(body(batch));
    if (outcome === undefined) {
      pauseMs = 0;
      if (troubledAt !== undefined) options.onRecovery(dropped - troubledAt);
      troubledAt = undefined;
      return;
    }
    if (troubledAt === undefined) options.onTrouble(outcome.why);
    troubledAt ??= dropped;
    if (!outcome.again) {
      dropped += batch.length;
      return;
    }
    waiting.unshift(...batch);
    bound();
    pauseMs = Math.min(Math.max(pauseMs * 2, firstPauseMs, outcome.afterMs), maxPauseMs);
  }

  async function attempt(
    content: object,
  ): Promise<{ readonly why: string; readonly again: boolean; readonly afterMs: number } | undefined> {
    try {
      const text = JSON.stringify(content);
      const answer = await fetch(target.url, {
        method: "POST",
        headers: {
          ...target.headers,
          "content-type": "application/json",
          ...(target.gzip && { "content-encoding": "gzip" }),
        },
        body: target.gzip ? new Uint8Array(await compress(text)) : text,
        redirect: "manual", // headers may hold a credential
        signal: AbortSignal.any([AbortSignal.timeout(target.timeoutMs), ending.signal]),
      });
      await answer.body?.cancel();
      if (answer.ok) return undefined;
      const seconds = Number(answer.headers.get("retry-after") ?? 0);
      return {
        why: `it answers ${answer.status}`,
        again: retryable.has(answer.status),
        afterMs: Number.isFinite(seconds) ? seconds * 1000 : 0,
      };
    } catch (error) {
      return { why: reasonOf(error), again: true, afterMs: 0 };
    }
  }

  function bound(): void {
    const excess = waiting.length - maxWaiting;
    if (excess <= 0) return;
    waiting.splice(0, excess);
    dropped += excess;
  }

  return {
    add(item) {
      waiting.push(item);
      if (waiting.length > maxWaiting) bound();
      if (pauseMs === 0 && waiting.length === batchSize) {
        clearTimeout(timer);
        timer = undefined;
        schedule(0);
      } else schedule(delayMs);
    },
    get waiting() {
      return waiting.length;
    },
    get dropped() {
      return dropped;
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      const end = setTimeout(() => ending.abort(), closeMs);
      for (let before = -1; waiting.length !== before && waiting.length > 0; ) {
        before = waiting.length;
        await send();
      }
      clearTimeout(end);
      dropped += waiting.splice(0).length;
    },
  };
}

function reasonOf(error: unknown): string {
  let innermost = error;
  while (innermost instanceof Error && innermost.cause instanceof Error) innermost = innermost.cause;
  if (!(innermost instanceof Error)) return String(innermost);
  const code = "code" in innermost && typeof innermost.code === "string" ? innermost.code : undefined;
  return code ?? innermost.message;
}
