import type { DestinationStream } from "pino";
import { oneLine } from "../oauth/harmless.ts";

/** Shown in their own places, or of no use to a person. */
const placed = new Set(["level", "time", "msg", "event", "err"]);

/**
 * Turns the log's JSON lines into lines for a person who watches a terminal:
 * `14:03:59  consent approved   client=… subject=…`, an error followed by where it happened.
 */
export function readable(destination: DestinationStream): DestinationStream {
  return { write: (line) => destination.write(format(JSON.parse(line) as Record<string, unknown>)) };
}

function format(entry: Record<string, unknown>): string {
  const time = new Date(String(entry.time)).toTimeString().slice(0, 8);
  const mark =
    entry.level === "info" || entry.level === "debug" ? "" : `${String(entry.level).toUpperCase()} `;
  const what = mark + show(entry.event ?? entry.msg ?? "").replaceAll("_", " ");
  const facts = Object.entries(entry)
    .filter(([name, value]) => !placed.has(name) && !(name === "request" && value === "-"))
    .map(([name, value]) => `${name}=${show(value)}`);
  return `${[time, what.padEnd(20), ...facts].join("  ").trimEnd()}\n${trace(entry.err)}`;
}

function trace(err: unknown): string {
  if (typeof err !== "object" || err === null) return "";
  const { type, message, stack } = err as Record<string, unknown>;
  const frames = typeof stack === "string" ? stack.split("\n").filter((line) => /^\s+at /.test(line)) : [];
  return [`${show(type)}: ${show(message)}`, ...frames]
    .map((line) => `          ${oneLine(line, 1000)}\n`)
    .join("");
}

function show(value: unknown): string {
  return oneLine(typeof value === "string" ? value : (JSON.stringify(value) ?? ""), 1000);
}
