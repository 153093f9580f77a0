import type { Logger } from "pino";
import { singleFlight } from "../../caching/single-flight.ts";
import type { HeaderFields } from "../call.ts";
import type { IdentityHeaders, StdioBackendSettings } from "../protected-server.ts";
import { errorCodes, RefusedCallError } from "../refusal.ts";
import { type ChildAudience, childEnvironment } from "./environment.ts";
import type { OutputLog } from "./output-log.ts";
import type { RoutingKind } from "./routing.ts";
import { cannotStart, type RunningChild, runChild } from "./running-child.ts";
import type { Timers } from "./timers.ts";

/** Who needs a child, and for whom it is. */
export interface ChildNeed {
  /** Whoever has the same key shares it. */
  readonly key: string;
  /** Whom it counts for; `undefined`: it is everybody's. */
  readonly person: string | undefined;
  readonly audience: ChildAudience;
  readonly kind: RoutingKind;
  /** What a server over HTTP would get of the request that starts it. */
  readonly fields: HeaderFields;
}

export interface Children {
  /** The child of that key, started if there is none. Rejects with a RefusedCallError. */
  obtain(need: ChildNeed): Promise<RunningChild>;
  /** How many there are, those on their way out too. */
  count(): number;
  /** Stops all of them, and starts no more. */
  close(): Promise<void>;
}

export interface ChildrenServices {
  readonly timers: Timers;
  readonly note: OutputLog;
  readonly log: Pick<Logger, "warn" | "info">;
}

const firstPauseMs = 1000;
const longestPauseMs = 60_000;
/** A child that lived so long has not failed from the start. */
const goodLifeMs = 60_000;
/** After a pause, how long a failure makes the next pause longer. */
const forgottenMs = 120_000;
/** A pause that is not worth an error. */
const waitedForMs = 5000;
/** A person's own child that has been quiet for so long makes room for another one. */
const makesRoomMs = 60_000;

interface Failures {
  readonly pauseMs: number;
  readonly until: number;
}

export function createChildren(
  server: {
    readonly name: string;
    readonly identityHeaders: IdentityHeaders;
    readonly maxCallSeconds: number;
  },
  settings: StdioBackendSettings,
  { timers, note, log }: ChildrenServices,
): Children {
  /** By key: those that take requests. */
  const running = new Map<string, RunningChild>();
  /** Whatever there may be processes of, and whom it counts for. */
  const alive = new Map<RunningChild, string | undefined>();
  /** By person: how long to wait after children that failed. */
  const failures = new Map<string | undefined, Failures>();
  let isClosed = false;

  const started = singleFlight(async (_key: string, need: ChildNeed) => {
    await pause(need.person);
    await makeRoom(need.person);
    refuseBeyondLimits(need.person); // and start in the same breath
    return start(need);
  });

  async function pause(person: string | undefined): Promise<void> {
    const left = (failures.get(person)?.until ?? 0) - timers.now();
    if (left <= 0) return;
    if (left > waitedForMs) throw new RefusedCallError(afterFailure(left));
    await new Promise<void>((resolve) => timers.after(left, resolve));
  }

  async function makeRoom(person: string | undefined): Promise<void> {
    if (person === undefined || countOf(person) < settings.maxChildrenPerPerson) return;
    const quiet = [...alive].find(([child, whose]) => whose === person && child.isQuiet(makesRoomMs));
    await quiet?.[0].stop();
  }

  function refuseBeyondLimits(person: string | undefined): void {
    if (isClosed) throw new RefusedCallError(stopping);
    const { maxChildren, maxChildrenPerPerson } = settings;
    if (person !== undefined && countOf(person) >= maxChildrenPerPerson) {
      throw new RefusedCallError(tooMany, `${maxChildrenPerPerson} for one person`);
    }
    if (alive.size >= maxChildren) throw new RefusedCallError(tooMany, `${maxChildren} in all`);
  }

  function countOf(person: string): number {
    let count = 0;
    for (const whose of alive.values()) if (whose === person) count++;
    return count;
  }

  function start({ key, person, audience, kind, fields }: ChildNeed): RunningChild {
    const environment = childEnvironment(settings, server.identityHeaders, audience, fields);
    const limits = {
      idleMs: settings.idleSeconds * 1000,
      firstAnswerMs: settings.firstAnswerMs,
      maxCallMs: server.maxCallSeconds * 1000,
    };
    const onEnd = (why: string | undefined, livedMs: number) => {
      if (running.get(key) === child) running.delete(key);
      if (why === undefined || child.isOnTrial) return;
      const pauseMs = noteFailure(person, livedMs);
      log.warn({ server: server.name, stage: "child", cause: why, nextInMs: pauseMs }, "an MCP server ended");
    };
    const command = { command: settings.command, folder: settings.folder, environment };
    let child: RunningChild;
    try {
      child = runChild(command, kind, limits, { onEnd }, { timers, note });
    } catch (cause) {
      throw new RefusedCallError(cannotStart, String(cause), { cause });
    }
    running.set(key, child);
    alive.set(child, person);
    void child.gone.then(() => alive.delete(child));
    return child;
  }

  /** @returns the milliseconds until the next one is started */
  function noteFailure(person: string | undefined, livedMs: number): number {
    const now = timers.now();
    for (const [whose, { until }] of failures) if (until + forgottenMs < now) failures.delete(whose);
    const before = failures.get(person);
    if (before !== undefined && before.until > now) return before.until - now; // several of one cause
    const again = before !== undefined && livedMs < goodLifeMs;
    const pauseMs = again ? Math.min(before.pauseMs * 2, longestPauseMs) : firstPauseMs;
    failures.set(person, { pauseMs, until: now + pauseMs });
    return pauseMs;
  }

  return {
    async obtain(need) {
      const child = running.get(need.key);
      if (child !== undefined && !child.hasEnded()) return child;
      return started(need.key, need);
    },
    count: () => alive.size,
    async close() {
      isClosed = true;
      await Promise.all([...alive.keys()].map((child) => child.stop()));
    },
  };
}

const tooMany = {
  status: 503,
  code: errorCodes.tooManyChildren,
  message: "Too many copies of the MCP server are running. End sessions that are not needed, or try later.",
  headers: { "Retry-After": "30" },
} as const;

const stopping = { ...cannotStart, message: "The MCP server is being stopped." } as const;

const afterFailure = (leftMs: number) => ({
  ...cannotStart,
  message: "The MCP server has failed several times, and is not started again yet.",
  headers: { "Retry-After": String(Math.ceil(leftMs / 1000)) },
});
