import { parseDuration } from "../config/parsers.ts";
import { oneLine } from "../oauth/harmless.ts";
import { Refusal } from "./refusal.ts";
import type { Shell } from "./shell.ts";

const form = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?Z?)?$/;

/**
 * A moment as somebody types it: a length of time ago, or a day or time in UTC.
 * @returns milliseconds since 1970
 */
export function readMoment(shell: Pick<Shell, "clock">, option: string, text: string): number {
  const ago = parseDuration(text);
  if (ago !== undefined) return (shell.clock.now() - ago) * 1000;
  const written = text.replace(" ", "T").replace(/Z$/, "");
  const time = form.test(text) ? Date.parse(`${written}${text.length > 10 ? "Z" : ""}`) : Number.NaN;
  if (Number.isNaN(time)) {
    throw new Refusal(
      2,
      `${option} ${oneLine(text, 40)}: give a length of time such as 2h or 7d, or a time in UTC such as 2026-11-26T10:00`,
    );
  }
  return time;
}
