import type { Clock } from "../../oauth/ports.ts";

const maxLines = 10;

/**
 * For what anybody can bring into the log as often as they like.
 * @returns whether there is a line left in this minute
 */
export function fewLines(clock: Clock): () => boolean {
  let minute = 0;
  let lines = 0;
  return () => {
    const current = Math.floor(clock.now() / 60);
    if (current !== minute) {
      minute = current;
      lines = 0;
    }
    return ++lines <= maxLines;
  };
}
