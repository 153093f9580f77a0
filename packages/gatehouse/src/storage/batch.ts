/**
 * Gathers whatever arrives in one turn of the event loop and hands it over at once, so that many callers share one commit (or one round trip).
 * Nothing waits longer than the turn: a lone item is handed over as soon as the loop comes round.
 */
export function gather<Item>(handOver: (items: Item[]) => void): (item: Item) => void {
  let waiting: Item[] = [];
  return (item) => {
    if (waiting.push(item) > 1) return;
    setImmediate(() => {
      const items = waiting;
      waiting = [];
      handOver(items);
    });
  };
}
