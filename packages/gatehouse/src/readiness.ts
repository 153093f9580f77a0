import { setTimeout as pause } from "node:timers/promises";
import type { Check, CheckName, Clock } from "./oauth/ports.ts";
import { checkNames } from "./oauth/ports.ts";
import { type Store, StoreUnavailableError } from "./oauth/store.ts";

/** What whoever runs the server should know although it serves: sentences, each with its check. */
export type Warnings = Map<string, CheckName>;

export interface ReadinessOptions {
  readonly store: Pick<Store, "findProblems">;
  readonly checkKeys: () => Promise<{
    readonly problems: readonly string[];
    readonly warnings: readonly string[];
  }>;
  readonly warnings: Warnings;
  /** What has to be known of what the configuration declares. */
  readonly checkDeclarations: () => Promise<readonly string[]>;
  readonly clock: Clock;
  /** Resolves when waiting for the database is over; handed in by tests. */
  readonly timeout?: () => Promise<unknown>;
}

export interface Readiness {
  /** How it stands, from a look that is at most five seconds old. Never rejects. */
  checks(): Promise<readonly Check[]>;
  /** From now on nobody is to be sent here any more. */
  stop(): void;
}

/** Milliseconds: whoever asks has the answer within a second. */
const answerWithin = 800;
/** Seconds a look is good for when the next one takes longer than that. */
const goodFor = 5;

/**
 * Looks at what serving needs, once a second at most however often it is asked (Y-n17), and answers in time
 * whatever the database does (Y34).
 */
export function createReadiness(options: ReadinessOptions): Readiness {
  const { clock, timeout = () => pause(answerWithin, undefined, { ref: false }) } = options;
  let looking: Promise<readonly Check[]> | undefined;
  let latest: { readonly at: number; readonly checks: readonly Check[] } | undefined;
  let stopping = false;

  async function look(): Promise<readonly Check[]> {
    const checks = arrange(await findings(options));
    latest = { at: clock.now(), checks };
    return checks;
  }

  return {
    async checks() {
      if (stopping) return [...(latest?.checks ?? []), stopped];
      if (looking === undefined && latest?.at !== clock.now()) {
        looking = look().finally(() => {
          looking = undefined;
        });
      }
      if (looking === undefined) return latest?.checks ?? [];
      const late = timeout().then(() =>
        latest !== undefined && clock.now() - latest.at <= goodFor ? latest.checks : arrange(noAnswer),
      );
      return Promise.race([looking, late]);
    },
    stop() {
      stopping = true;
    },
  };
}

const stopped: Check = { name: "process", state: "failed", details: ["the server is stopping"] };

/** What was found, by check; of one that is missing nothing is known. */
type Findings = Partial<Record<CheckName, { problems?: readonly string[]; warnings?: readonly string[] }>>;

const noAnswer: Findings = { database: { problems: ["the database does not answer in time"] } };

async function findings(options: ReadinessOptions): Promise<Findings> {
  const { store, checkKeys, checkDeclarations, warnings } = options;
  const warned = (name: CheckName) => [...warnings].flatMap(([text, check]) => (check === name ? text : []));
  const beside = {
    provider: { warnings: warned("provider") },
    configuration: { warnings: warned("configuration") },
  };
  try {
    const found = await store.findProblems();
    const textsOf = (name: CheckName, ofWarnings: boolean) =>
      found.flatMap(({ check, text, isWarning = false }) =>
        check === name && isWarning === ofWarnings ? text : [],
      );
    const database = { warnings: warned("database") };
    const migrations = { problems: textsOf("migrations", false), warnings: textsOf("migrations", true) };
    const disk = { problems: textsOf("disk", false) };
    // A schema that is not this version's may know no keys.
    if (found.some(({ isWarning }) => !isWarning)) return { database, migrations, disk, ...beside };
    const key = await checkKeys();
    const configuration = { warnings: [...warned("configuration"), ...(await checkDeclarations())] };
    return { database, migrations, disk, key, ...beside, configuration };
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    return { [error.check]: { problems: [error.message] }, ...beside };
  }
}

function arrange(found: Findings): Check[] {
  return checkNames.map((name) => {
    const of = found[name];
    if (of === undefined) return { name, state: "unknown", details: [] };
    const { problems = [], warnings = [] } = of;
    if (problems.length > 0) return { name, state: "failed", details: problems };
    return warnings.length > 0
      ? { name, state: "warning", details: warnings }
      : { name, state: "ok", details: [] };
  });
}
