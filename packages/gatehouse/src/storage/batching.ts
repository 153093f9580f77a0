import { StoreUnavailableError } from "../oauth/store.ts";

export interface Collecting {
  /** How many turns at most, 3 when left out: a request comes as far as its first write in two or three. */
  readonly turns?: number;
  /** As many items as one request has at once, 1 when left out: of more, some are another's. */
  readonly ofOneRequest?: number;
}

/**
 * Collects what arrives within a few turns of the event loop and hands it over at once, so that many callers
 * share one commit or one round trip. What a lone request has is handed over as soon as the loop comes round;
 * where there is more, others are on their way, and are worth a few microseconds: a commit or a round trip
 * takes hundreds.
 */
export function collected<Item>(
  handOver: (items: Item[]) => void,
  { turns = 3, ofOneRequest = 1 }: Collecting = {},
): (item: Item) => void {
  let waiting: Item[] = [];
  const passTurn = (left: number): void => {
    if (left > 0 && waiting.length > ofOneRequest) {
      setImmediate(passTurn, left - 1);
      return;
    }
    const items = waiting;
    waiting = [];
    handOver(items);
  };
  return (item) => {
    if (waiting.push(item) === 1) setImmediate(passTurn, turns - 1);
  };
}

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Batches of one kind under way; what comes meanwhile goes with the next, so a slow database is asked less
 * often, not more.
 */
const concurrencyLimit = 4;
/** Milliseconds after which those under way count as stuck, and are not waited for. */
const stuckAfterMs = 50;

/**
 * A function of one item, made of one of many: to send and to read a statement costs the driver more than all
 * else a request does. A lone item is as quick as if it were never batched.
 *
 * @param perform does what all of the items want, and gives the answers in the same order
 */
export function batched<Item, Answer>(
  perform: (items: readonly Item[]) => Promise<readonly Answer[]>,
): (item: Item) => Promise<Answer> {
  let waiting: Waiting<Item, Answer>[] = [];
  let underWay = 0;
  let timer: NodeJS.Timeout | undefined;

  const send = async () => {
    clearTimeout(timer);
    timer = undefined;
    const batch = waiting;
    waiting = [];
    underWay++;
    await answer(batch);
    underWay--;
    if (waiting.length > 0) void send();
  };
  const answer = async (batch: readonly Waiting<Item, Answer>[]) => {
    try {
      const answers = await perform(batch.map(({ item }) => item));
      for (const [at, { resolve }] of batch.entries()) resolve(answers[at] as Answer);
    } catch (error) {
      if (batch.length > 1 && !(error instanceof StoreUnavailableError)) {
        // One of them made the statement fail for the others: each by itself, so that only the culprit fails.
        await Promise.all(batch.map((each) => answer([each])));
        return;
      }
      for (const { reject } of batch) reject(error);
    }
  };
  const enqueue = collected<Waiting<Item, Answer>>((arrived) => {
    waiting.push(...arrived);
    if (underWay < concurrencyLimit) void send();
    else timer ??= setTimeout(() => void send(), stuckAfterMs);
  });
  return (item) => new Promise((resolve, reject) => enqueue({ item, resolve, reject }));
}
