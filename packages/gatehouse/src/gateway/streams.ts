import type { Logger } from "pino";
import type { BearerNow, LookAgain } from "../oauth/grants/bearer-now.ts";
import type { Clock } from "../oauth/ports.ts";
import type { Seconds } from "../oauth/values.ts";
import type { Call } from "./call.ts";
import type { OpenStream, OpenStreams } from "./relay/open-streams.ts";

/** Of what has ended: by its grant where one is named, else by its person, else by its client. */
export interface Ended {
  readonly grant?: string | undefined;
  readonly subject?: string | undefined;
  readonly client?: string | undefined;
}

export interface StreamWatch {
  /** Looks at the streams of those within a second, in place of half a minute. */
  lookSoon(ended: Ended): void;
  stop(): void;
}

export interface StreamWatchOptions {
  readonly clock: Clock;
  readonly lookAgain: LookAgain;
  readonly log: Pick<Logger, "info" | "warn">;
}

/** Seconds from one look at all open streams to the next. */
const lookEvery = 30;
/** How often it is asked whether that is over, by the clock that tests move. */
const tickMs = 1000;

/**
 * Ends event streams whose reason is gone, after a whole event: listening ones with token, access and grant
 * (W33), the answer of a call with its grant, and once it took too long for a token that is over (W34). One
 * look at all of them each half minute, and at once at those of whom this process ended something (Z24).
 * While the store cannot be asked they go on: whoever comes anew is turned away then.
 */
export function watchStreams(
  streams: OpenStreams,
  { clock, lookAgain, log }: StreamWatchOptions,
): StreamWatch {
  /** When a look first met it. */
  const since = new WeakMap<OpenStream, Seconds>();
  let lookedAt = clock.now();
  let isLooking = false;
  /** Of what has ended since: grants, people and clients together, none of which is called like another. */
  const ended = new Set<string>();
  const isMeant = ({ call: { bearer } }: OpenStream) =>
    ended.has(bearer.grantId) || ended.has(bearer.subject) || ended.has(bearer.clientId);

  async function look(open: readonly OpenStream[], now: Seconds): Promise<void> {
    const admitted = open.map(({ call: { bearer, server } }) => ({ bearer, resource: server.address }));
    const found = await lookAgain(admitted);
    open.forEach((stream, at) => {
      const begun = since.get(stream) ?? now;
      since.set(stream, begun);
      const { call } = stream;
      const reason = reasonToEnd(call, found[at] ?? "good", now - begun);
      if (reason === undefined || !streams.has(stream)) return;
      log.info({ request: call.id, server: call.server.name, reason }, "an event stream was ended");
      stream.end();
    });
  }

  function tick(): void {
    const now = clock.now();
    const isDue = now >= lookedAt + lookEvery || now < lookedAt; // a clock may be set back
    if (isLooking || !(isDue || ended.size > 0)) return;
    const open = [...streams].filter((stream) => isDue || isMeant(stream));
    if (isDue) lookedAt = now;
    ended.clear();
    if (open.length === 0) return;
    isLooking = true;
    look(open, now)
      .catch((error: unknown) => log.warn({ err: error }, "open event streams could not be looked at"))
      .finally(() => {
        isLooking = false;
      });
  }

  const timer = setInterval(tick, tickMs).unref();
  return {
    lookSoon({ grant, subject, client }) {
      const whose = grant ?? subject ?? client;
      if (whose !== undefined && streams.size > 0) ended.add(whose);
    },
    stop: () => clearInterval(timer),
  };
}

function reasonToEnd(call: Call, found: BearerNow, lasted: number): BearerNow | undefined {
  if (found === "good" || found === "grant_over") return found === "good" ? undefined : found;
  if (isListening(call)) return found;
  // The answer of a call: its client waits for this and nothing else.
  return found === "token_over" && lasted >= call.server.maxCallSeconds ? found : undefined;
}

/** Whether its stream answers no request, but tells what happens, for as long as that may be. */
export function isListening({ request, asked }: Pick<Call, "request" | "asked">): boolean {
  return request.method === "GET" || asked.messages.some(({ method }) => method === "subscriptions/listen");
}
