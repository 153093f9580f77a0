/**
 * Doing work once for many: {@link singleFlight} shares a promise while it runs, `cache.ts` keeps what came
 * of one for a while. This room knows nothing of OAuth and imports nothing; any adapter may use it.
 */

/** See {@link singleFlight}. */
export interface SingleFlight<Key, Rest extends unknown[], Value> {
  (key: Key, ...rest: Rest): Promise<Value>;
  /** The run that is under way for this key. */
  running(key: Key): Promise<Value> | undefined;
}

/**
 * Callers with the same key share one run of `work` for as long as it is under way; whoever comes after it
 * has ended starts another. A failure is everybody's who shared it, and is not remembered.
 *
 * @param work told the key, and what else the first of those callers says
 */
export function singleFlight<Key, Rest extends unknown[], Value>(
  work: (key: Key, ...rest: Rest) => Promise<Value>,
): SingleFlight<Key, Rest, Value> {
  const running = new Map<Key, Promise<Value>>();
  const run = (key: Key, ...rest: Rest): Promise<Value> => {
    const shared = running.get(key);
    if (shared !== undefined) return shared;
    const started = work(key, ...rest);
    running.set(key, started);
    const forget = () => running.delete(key);
    started.then(forget, forget);
    return started;
  };
  return Object.assign(run, { running: (key: Key) => running.get(key) });
}
