import type { Logger } from "pino";
import { plainText } from "../../oauth/text.ts";
import type { Timers } from "./timers.ts";

/** Notes what children write that is no message, or no message for anybody: bounded, and harmless to read. */
export type OutputLog = (kind: "stderr" | "no message" | "for nobody", line: Buffer) => void;

const messages = {
  stderr: "the MCP server wrote to its standard error",
  "no message": "the MCP server wrote what is no message",
  "for nobody": "the MCP server wrote a message that is for nobody",
};
const maxLineBytes = 2048;
const maxLinesPerMinute = 100;
const minuteMs = 60_000;

/** @param server its name, in each line */
export function createOutputLog(server: string, log: Pick<Logger, "info">, timers: Timers): OutputLog {
  let since = timers.now();
  let lines = 0;
  return (kind, line) => {
    const now = timers.now();
    if (now - since >= minuteMs) {
      const leftOut = lines - maxLinesPerMinute;
      if (leftOut > 0) log.info({ server, lines: leftOut }, "more lines of the MCP server were not logged");
      since = now;
      lines = 0;
    }
    lines++;
    if (lines > maxLinesPerMinute) return;
    const output = plainText(line.toString("utf8", 0, maxLineBytes));
    log.info({ server, kind, output }, messages[kind]);
  };
}
