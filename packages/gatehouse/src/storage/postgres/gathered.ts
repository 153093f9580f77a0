import { StoreUnavailableError } from "../../oauth/ports.ts";
import { gather } from "../batch.ts";

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** Statements of one kind in flight; what comes in the meantime goes together with the next, so a slow database is asked less often, not more. */
const mostInFlight = 4;
/** Milliseconds after which those in flight count as stuck, and are not waited for. */
const patience = 50;

/**
 * One statement for what arrives within three turns of the event loop: to send and to read one costs the driver more than all else a request does. A lone item is as quick
 * as if it were never gathered.
 *
 * @param perform does what all of the items want, and gives the answers in the same order
 */
export function gathered<Item, Answer>(
  perform: (items: readonly Item[]) => Promise<readonly Answer[]>,
): (item: Item) => Promise<Answer> {
  let waiting: Waiting<Item, Answer>[] = [];
  let inFlight = 0;
  let timer: NodeJS.Timeout | undefined;

  const send = async () => {
    clearTimeout(timer);
    timer = undefined;
    const asked = waiting;
    waiting = [];
    inFlight++;
    await answer(asked);
    inFlight--;
    if (waiting.length > 0) void send();
  };
  const answer = async (asked: readonly Waiting<Item, Answer>[]) => {
    try {
      const answers = await perform(asked.map(({ item }) => item));
      for (const [at, { resolve }] of asked.entries()) resolve(answers[at] as Answer);
    } catch (error) {
      if (asked.length > 1 && !(error instanceof StoreUnavailableError)) {
        // One of them made the statement fail for the others: each by itself, so that only the culprit fails.
        await Promise.all(asked.map((each) => answer([each])));
        return;
      }
      for (const { reject } of asked) reject(error);
    }
  };
  const enqueue = gather<Waiting<Item, Answer>>((arrived) => {
    waiting.push(...arrived);
    if (inFlight < mostInFlight) void send();
    else timer ??= setTimeout(() => void send(), patience);
  });
  return (item) => new Promise((resolve, reject) => enqueue({ item, resolve, reject }));
}
