import { describeVariables, variablesInFiles } from "../config/environment-variables.ts";
import { fileVariable } from "../config/secret-files.ts";

const width = 100;
const indent = " ".repeat(4);

/** Every environment variable, for the help of the commands that read them all. */
export function environmentHelp(): string {
  const entries = describeVariables().map(({ name, meaning, absent }) =>
    [`  ${name}`, ...wrap(`${meaning} Default: ${absent}.`)].join("\n"),
  );
  return [
    "",
    "Environment:",
    ...entries,
    "",
    "Instead of these, a file that holds the value may be named by:",
    `  ${variablesInFiles.map(fileVariable).join(", ")}`,
    "Lengths of time are seconds, or 15m, 1h, 7d. An empty variable counts as absent.",
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
