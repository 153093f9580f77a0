import { type DoctorCheck, type Finding, findingsOf, SkippedCheck } from "../check.ts";

/** Another clock, beside ours. */
export interface OtherClock {
  /** `the database's`, `that of Google` */
  readonly name: string;
  /** Of an identity provider, as people call it; else the database's, or a witness's. */
  readonly provider: string | undefined;
  /** Seconds by which it is ahead of ours; `undefined`: it does not say, or is not reached. */
  readonly ahead: () => Promise<number | undefined>;
}

export type ReadClock = Omit<OtherClock, "ahead"> & {
  readonly ahead: number;
  /** Nothing depends on it; only asked where others differ. It may be on the same computer as we are. */
  readonly isWitness?: true;
};

/** Seconds: as far as a token's times may be. */
const tolerated = 60;

/**
 * Whose clock is wrong is told by which of them agree: of two that differ nobody knows.
 * @param findWitnesses those of others, who have no part in it
 * @param lastFailure why the last sign-in failed, where that was a clock
 */
export function clockChecks(
  clocks: readonly OtherClock[],
  findWitnesses: () => Promise<readonly ReadClock[]>,
  lastFailure: () => Promise<string | undefined>,
): DoctorCheck[] {
  const read = async () => {
    const all = await Promise.all(
      clocks.map(async (clock) => ({ ...clock, ahead: await clock.ahead().catch(() => undefined) })),
    );
    const told = all.filter((clock): clock is ReadClock => clock.ahead !== undefined);
    if (!told.some(({ ahead }) => isFar(ahead))) return told;
    return [...told, ...(await findWitnesses().catch(() => []))];
  };
  return [
    { id: "clock.self", needs: ["config.valid"], run: async () => judgeOurs(await read()) },
    {
      id: "clock.provider",
      needs: ["config.valid"],
      run: async () => {
        if (!clocks.some(({ provider }) => provider !== undefined))
          throw new SkippedCheck("People sign in with accounts of this server: there is no other clock.");
        const judged = judgeProviders(await read());
        const failure = judged.some(({ result }) => result === "fail") ? undefined : await lastFailure();
        return failure === undefined
          ? judged
          : [...judged.filter(({ result }) => result !== "ok"), failed(failure)];
      },
    },
  ];
}

/** Its tokens are made elsewhere than its answers, with another clock. */
function failed(why: string): Finding {
  return findingsOf("clock.provider").fail(
    `The last sign-in failed for the time in the provider's token: ${why}.`,
    "Its operator must set the clock of what makes its tokens; where `clock.self` fails, set ours.",
  );
}

const isFar = (seconds: number) => Math.abs(seconds) > tolerated;

/** Those that differ from ours, and those that agree with it. */
function judgeOurs(clocks: readonly ReadClock[]): Finding {
  const { ok, warn, fail } = findingsOf("clock.self");
  if (clocks.length === 0) throw new SkippedCheck("No other clock could be asked.");
  const far = clocks.filter(({ ahead }) => isFar(ahead));
  const near = clocks.filter(({ ahead }) => !isFar(ahead));
  const [first] = far;
  if (first === undefined) {
    const most = Math.max(1, ...near.map(({ ahead }) => Math.ceil(Math.abs(ahead))));
    return ok(`The clocks agree within ${most} s.`);
  }
  const they = far.map(({ name }) => name).join(" and ");
  const apart = `Our clock is ${describe(-first.ahead)} ${they}`;
  const allAgree = far.every(({ ahead }) => !isFar(ahead - first.ahead));
  if (near.length === 0 && far.length > 1 && allAgree) {
    return fail(`${apart}.`, "Set ours: switch on NTP on this computer.");
  }
  const agreeing = near.find(({ isWitness }) => isWitness !== true);
  if (agreeing === undefined) {
    const [witness] = near;
    return witness === undefined
      ? warn(`${apart}; nothing here tells which of them is right.`, oursFirst)
      : warn(
          `${apart}, and agrees with ${witness.name}.`,
          `If that is on another computer, ours is right: see \`clock.provider\`. Else: ${lower(oursFirst)}`,
        );
  }
  const database = far.find(({ provider, isWitness }) => provider === undefined && isWitness !== true);
  if (database !== undefined) {
    return warn(
      `The database's clock is ${describe(database.ahead)} ours, which agrees with ${agreeing.name}.`,
      "Set the clock of the database's computer.",
    );
  }
  return ok(`Our clock agrees with ${agreeing.name}.`);
}

function judgeProviders(clocks: readonly ReadClock[]): readonly Finding[] {
  const { ok, warn, fail, skipped } = findingsOf("clock.provider");
  const providers = clocks.filter(({ provider }) => provider !== undefined);
  if (providers.length === 0) return [skipped("No identity provider said what time it is.")];
  return providers.map((clock) => {
    const { ahead, provider } = clock;
    if (!isFar(ahead)) return ok(`${provider} answers with the right time.`);
    const rest = clocks.filter((each) => each !== clock);
    const apart = `The clock of ${provider} is ${describe(ahead)} ours`;
    const agrees = rest.find((each) => !isFar(each.ahead - ahead));
    if (agrees !== undefined) return warn(`${apart}, as is ${agrees.name}.`, "Set ours: see `clock.self`.");
    const ofOurs = rest.filter((each) => !isFar(each.ahead));
    const agreeing = ofOurs.find(({ isWitness }) => isWitness !== true);
    if (agreeing !== undefined)
      return fail(`${apart}, which agrees with ${agreeing.name}.`, "Its operator must set it. No restart.");
    return ofOurs[0] === undefined
      ? fail(`${apart}: one of the two is wrong.`, oursFirst)
      : fail(
          `${apart}, which agrees with ${ofOurs[0].name}.`,
          `If that is on another computer, its operator must set it. Else: ${lower(oursFirst)}`,
        );
  });
}

/** As the documentation says it. */
const oursFirst =
  "Set ours by NTP first (`timedatectl` says whether it is); if it is right, the provider's operator must set theirs. No restart.";

const lower = (sentence: string) => sentence.charAt(0).toLowerCase() + sentence.slice(1);

/** `7,203 s ahead of`. Fractions of seconds are nothing that headers could tell. */
function describe(seconds: number): string {
  const whole = Math.round(Math.abs(seconds)).toLocaleString("en-US");
  return `${whole} s ${seconds < 0 ? "behind" : "ahead of"}`;
}
