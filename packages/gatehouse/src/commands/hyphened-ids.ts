import type { Command } from "commander";

/** 16 bytes as base64url, beginning with a hyphen. */
const hyphenedId = /^-[\w-]{20}[AQgw]$/;

/**
 * Lets ids of grants that begin with a hyphen, as one in 64 does, be typed as they are shown: they go behind
 * `--`, or behind their option's `=`, where nothing takes them for options themselves.
 * @param args the arguments after the command's name
 */
export function withHyphenedIds(program: Command, args: readonly string[]): readonly string[] {
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  const valued = valuedOptions(program);
  const others: string[] = [];
  const ids: string[] = [];
  for (const arg of args.slice(0, end)) {
    const before = others.at(-1);
    if (!hyphenedId.test(arg)) others.push(arg);
    else if (before === undefined || !valued.has(before)) ids.push(arg);
    else others.splice(-1, 1, `${before}=${arg}`);
  }
  return ids.length === 0
    ? [...others, ...args.slice(end)]
    : [...others, "--", ...ids, ...args.slice(end + 1)];
}

/** The options of all commands behind which a value stands, by their long names. */
function valuedOptions({ options, commands }: Command): Set<string> {
  const own = options.flatMap(({ required, long }) => (required && long ? [long] : []));
  return new Set([...own, ...commands.flatMap((command) => [...valuedOptions(command)])]);
}
