/**
 * Gathers what arrives within a few turns of the event loop and hands it over at once, so that many callers share one commit (or one round trip).
 * A lone item is handed over as soon as the loop comes round; where there are several, others are on their way, and are worth a few
 * microseconds: a commit or a round trip takes hundreds.
 *
 * @param turns how many at most; a request needs two or three to come as far as its first write
 */
export function gather<Item>(handOver: (items: Item[]) => void, turns = 3): (item: Item) => void {
  let waiting: Item[] = [];
  const passTurn = (left: number): void => {
    if (left > 0 && waiting.length > 1) {
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
