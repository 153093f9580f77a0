import { spawnSync } from "node:child_process";

interface Toolchain {
  /** Prints its version. */
  readonly command: readonly [string, ...string[]];
  /** What else it needs, for the message. */
  readonly besides?: string;
  /** Major and minor. */
  readonly atLeast: readonly [number, number];
  /** Pages in `docs/servers/`. */
  readonly pages: readonly string[];
  /** A server among the recipes of `docs/gateway.md`. */
  readonly recipe?: string;
  /** Run only where it is required by name: it brings more than a test may download each time. */
  readonly onRequest?: true;
}

export const toolchains: Readonly<Record<string, Toolchain>> = {
  python: {
    // Debian brings the two apart from Python.
    command: ["python3", "-c", "import ensurepip, venv, sys; print(sys.version)"],
    besides: "with venv",
    atLeast: [3, 10],
    pages: ["python-fastmcp", "python-sdk"],
    recipe: "python",
  },
  go: { command: ["go", "version"], atLeast: [1, 25], pages: ["go"], recipe: "go" },
  java: { command: ["mvn", "--version"], atLeast: [3, 8], pages: ["spring"], onRequest: true },
  rust: { command: ["cargo", "--version"], atLeast: [1, 88], pages: ["rust"], onRequest: true },
  curl: { command: ["curl", "--version"], atLeast: [7, 0], pages: ["curl"] },
  jq: { command: ["jq", "--version"], atLeast: [1, 5], pages: ["curl"] },
};

/** What is missing, in words; `undefined` when it is there. */
export function findLack(name: string): string | undefined {
  const toolchain = toolchains[name];
  if (toolchain === undefined) return `${name} is none of ${Object.keys(toolchains).join(", ")}`;
  const [command, ...parameters] = toolchain.command;
  const { error, status, stdout } = spawnSync(command, parameters, { encoding: "utf8" });
  const [, major, minor] = /(\d+)\.(\d+)/.exec(stdout ?? "") ?? [];
  const wanted = toolchain.atLeast.join(".");
  if (error !== undefined || status !== 0 || major === undefined)
    return `${command} is not here (${[wanted, "or newer", toolchain.besides].filter(Boolean).join(" ")})`;
  const [wantedMajor, wantedMinor] = toolchain.atLeast;
  const isOld = Number(major) < wantedMajor || (Number(major) === wantedMajor && Number(minor) < wantedMinor);
  return isOld ? `${command} is ${major}.${minor}, but ${wanted} or newer is needed` : undefined;
}
