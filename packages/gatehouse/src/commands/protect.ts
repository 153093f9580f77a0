import { type Command, Option } from "commander";
import { type Config, type ConfigInput, describeStorage, loadSettings } from "../config/config.ts";
import { ConfigError } from "../config/config-errors.ts";
import type { Mode } from "../config/start-conditions.ts";
import { oneLine } from "../oauth/harmless.ts";
import { isLoopbackUrl } from "../oauth/host.ts";
import { reachability } from "../start/gateway.ts";
import { createLog } from "../telemetry/log.ts";
import { clientLines } from "./client-lines.ts";
import { type AcceptNewKeyOption, acceptingNewKey, collected } from "./options.ts";
import { nameFor } from "./protected-name.ts";
import { Refusal } from "./refusal.ts";
import { createReloader } from "./reload.ts";
import { runAlone } from "./run-alone.ts";
import type { Shell } from "./shell.ts";
import { rememberHangups, untilInterrupted } from "./signals.ts";
import { describeSignIn, describeStart } from "./start-line.ts";

interface ProtectOptions extends AcceptNewKeyOption {
  readonly name?: string;
  readonly path?: string;
  readonly scope?: readonly string[];
  readonly tool?: readonly string[];
  readonly per?: string;
  readonly port?: string;
}

export function addProtectCommand(program: Command, shell: Shell): void {
  program
    .command("protect")
    .usage("[options] <url> | -- <command...>")
    .argument("<url-or-command...>", "the MCP server's URL; or, after --, the program that is one over stdio")
    .description(
      "stand in front of an MCP server that knows nothing of OAuth: everything on one port, with a sign-in for development on this computer, or with BASE_URL and an identity provider for good",
    )
    .option("--name <name>", "what it is called in clients and in the log; of its URL or program if left out")
    .option("--path <path>", "where it is reached; /mcp if left out")
    .option(
      "--scope <name=sentence>",
      "a scope, and what it allows in plain words; may be repeated",
      collected,
    )
    .option(
      "--tool <pattern=scope>",
      "the scope that the tools of this name or pattern need; may be repeated; tools that none fits are refused",
      collected,
    )
    .addOption(
      new Option(
        "--per <who>",
        "of a program: one for each session, for each person, or one for all",
      ).choices(["session", "person", "process"]),
    )
    .option("--port <port>", "the port to listen on, in place of PORT")
    .addOption(acceptingNewKey())
    .showHelpAfterError(
      "(a program follows after --: gatehouse protect -- npx -y some-mcp-server; more in gatehouse protect --help)",
    )
    .action((behind: string[], options: ProtectOptions) => protect(shell, behind, options));
}

async function protect(shell: Shell, behind: readonly string[], options: ProtectOptions): Promise<void> {
  const { port } = options;
  const input: ConfigInput = {
    // One process: a command line has one server, and several processes are for gatehouse serve.
    environment: { ...shell.environment, WORKERS: "1", ...(port !== undefined && { PORT: port }) },
    configPath: shell.configPath,
    servers: [describeServer(behind, options)],
  };
  const loaded = inWordsOfOptions(() => loadSettings(input, modeFor(input)));
  const hangups = rememberHangups();
  const { config } = loaded;
  const log = createLog({ ...config.log, tokenPrefixes: config.settings.tokenPrefixes });
  const reach = reachability(config, shell.environment.PATH ?? "");
  // For good the log is all that is on standard output, a line of JSON each.
  const say = loaded.mode === "dev" ? shell.print : shell.complain;
  await runAlone(
    config,
    log,
    { interrupted: untilInterrupted(shell), hangups },
    { acceptNewKey: options.acceptNewKey ?? false, announce: say },
    (running) => createReloader(loaded, input, log, running),
    (url) => {
      say(welcome(config, url, loaded.mode));
      if (loaded.mode === "serve") log.info(describeStart(config, url), "listening");
      void reach.then((problems) => {
        for (const problem of problems) shell.complain(`WARNING: ${problem}\n`);
      });
    },
  );
}

/** As gatehouse.yaml would have it. */
function describeServer(behind: readonly string[], options: ProtectOptions): Record<string, unknown> {
  const [first = "", ...more] = behind;
  const isUrl = /^(?:[a-z][a-z0-9+.-]*:\/|unix:)/i.test(first);
  if (isUrl && more.length > 0) {
    throw new Refusal(
      2,
      `${oneLine(more[0] ?? "")}: one URL is enough; a program and its arguments follow after --`,
    );
  }
  if (!isUrl && more.length === 0 && /^[\w.-]+:\d+(?:\/|$)/.test(first)) {
    throw new Refusal(2, `${oneLine(first)}: give the whole URL, such as http://${oneLine(first)}`);
  }
  const { name, path, scope, tool, per } = options;
  return {
    name: name ?? nameFor(behind, isUrl),
    ...(path !== undefined && { path }),
    ...(isUrl ? { upstream: first } : { command: behind }),
    ...(scope && { scopes: scope.map(readScope) }),
    ...(tool && { tools: Object.fromEntries(tool.map(readTool)) }),
    ...(per !== undefined && { per }),
  };
}

function readScope(text: string): Record<string, string> {
  const [name = "", ...sentence] = text.split("=");
  const words = sentence.join("=").trim();
  return { name, ...(words !== "" && { sentence: words }) };
}

function readTool(text: string): [pattern: string, scope: string] {
  const [, pattern, scope] = /^(.+)=([^=]+)$/.exec(text) ?? [];
  if (pattern === undefined || scope === undefined) {
    throw new Refusal(
      2,
      `--tool takes pattern=scope, such as 'delete_*=notes:write', not ${JSON.stringify(oneLine(text))}`,
    );
  }
  return [pattern, scope];
}

/**
 * W02: with an identity provider it is what `serve` is, and so is what others reach; the sign-in for
 * development is for what `dev` may be.
 */
function modeFor(input: ConfigInput): Mode {
  const { providers, settings } = loadSettings(input, "command").config;
  const isForGood = providers.some(({ kind }) => kind !== "development");
  return isForGood || !isLoopbackUrl(new URL(settings.issuer)) ? "serve" : "dev";
}

/** Errors of the server, named as they are given here. */
function inWordsOfOptions<T>(load: () => T): T {
  try {
    return load();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(
      error.errors.map((problem) => {
        const [, key = "", rest = ""] = /^servers\[0\]\.(\w+)(.*)$/.exec(problem.variable) ?? [];
        const option = optionOf[key];
        return option === undefined ? problem : { ...problem, variable: option + rest };
      }),
    );
  }
}

const optionOf: Readonly<Record<string, string>> = {
  name: "--name",
  path: "--path",
  upstream: "<url>",
  command: "<command>",
  scopes: "--scope",
  tools: "--tool",
  per: "--per",
};

function welcome(config: Config, listening: string, mode: Mode): string {
  const { servers, settings, storage } = config;
  const [server] = servers;
  if (server === undefined) throw new Error("there is no server"); // one was given
  const { backend, address, name } = server;
  const behind = backend.kind === "http" ? describeUpstream(backend) : backend.command.join(" ");
  const purpose =
    mode === "dev" ? "Gatehouse is running, for development on this computer only." : "Gatehouse is running.";
  return `
${purpose}

  MCP server            ${address}
  stands in front of    ${oneLine(behind, 200)}
  Authorization server  ${settings.issuer}  (listening on ${listening}; ${describeSignIn(config)})
  Data                  ${describeStorage(storage)}

Point an MCP client at it:

${clientLines(name, address)}

What happens is told below. Ctrl-C stops everything.
`;
}

const describeUpstream = ({ url, socketPath }: { url: URL; socketPath: string | undefined }) =>
  socketPath === undefined ? url.origin + url.pathname : `${socketPath}, ${url.pathname}`;
