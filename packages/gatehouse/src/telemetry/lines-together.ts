import type { DestinationStream } from "pino";

/** What lines wait for others where one follows the other. */
const waitMs = 5;

/**
 * Writes several lines at once: under load a write each is among the dearest things a request does. A line by
 * itself goes out at the end of its turn of the event loop, one that soon follows another within a few
 * milliseconds, and what is left when the process ends is written then.
 */
export function linesTogether(destination: DestinationStream): DestinationStream {
  let waiting = "";
  let writtenAt = Number.NEGATIVE_INFINITY;
  const flush = () => {
    const lines = waiting;
    waiting = "";
    if (lines === "") return;
    writtenAt = performance.now();
    destination.write(lines);
  };
  process.once("exit", flush);
  return {
    write(line) {
      if (waiting === "") {
        if (performance.now() - writtenAt < waitMs) setTimeout(flush, waitMs).unref();
        else setImmediate(flush);
      }
      waiting += line;
    },
  };
}
