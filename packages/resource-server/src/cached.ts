/**
 * What `fetch` brings, kept for `seconds`, counted from when it was fetched. A failure is not kept, and
 * callers that wait at the same time share one attempt.
 */
export function cached<T>(seconds: number, clock: () => number, fetch: () => Promise<T>): () => Promise<T> {
  let latest: { readonly value: Promise<T>; readonly since: number } | undefined;
  return () => {
    const now = clock();
    // `since`: a clock that was set back must not lengthen a life.
    if (latest === undefined || now < latest.since || now >= latest.since + seconds) {
      const attempt = { value: fetch(), since: now };
      latest = attempt;
      attempt.value.catch(() => {
        if (latest === attempt) latest = undefined;
      });
    }
    return latest.value;
  };
}
