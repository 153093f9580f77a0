import type { DestinationStream } from "pino";

/**
 * Writes the lines of one turn of the event loop at once: under load a write each is among the dearest things
 * a request does. Nothing waits longer than the turn, and what is left when the process ends is written then.
 */
export function oncePerTurn(destination: DestinationStream): DestinationStream {
  let waiting = "";
  const flush = () => {
    const lines = waiting;
    waiting = "";
    if (lines !== "") destination.write(lines);
  };
  process.once("exit", flush);
  return {
    write(line) {
      if (waiting === "") setImmediate(flush);
      waiting += line;
    },
  };
}
