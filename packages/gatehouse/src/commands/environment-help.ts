import { describeVariables } from "../config/settings-table.ts";

const width = 100;
const indent = " ".repeat(4);

/** Every environment variable, in groups, for the help of the commands that read them all. */
export function environmentHelp(): string {
  const lines: string[] = [""];
  let group = "";
  for (const about of describeVariables()) {
    if (about.group !== group) lines.push(`${about.group}:`);
    group = about.group;
    lines.push(`  ${about.name}`, ...wrap(`${about.meaning} Default: ${about.absent}.`));
  }
  return [
    ...lines,
    "",
    "Lengths of time are seconds, or 15m, 1h, 7d. An empty variable counts as absent.",
    "The same settings may stand in gatehouse.yaml (gatehouse config schema); a variable wins over the file.",
    "Standard variables of OpenTelemetry (OTEL_EXPORTER_OTLP_ENDPOINT and others) send spans and the audit",
    "trail to a collector: docs/operating.md.",
  ].join("\n");
}

function wrap(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(indent + word);
  }
  return lines;
}
