import { loadConfig } from "../config/config.ts";
import { ConfigError } from "../config/config-errors.ts";
import type { Finding } from "../insight/doctor/check.ts";
import type { McpClient } from "../insight/doctor/walk/client.ts";
import type { LoginOptions } from "../insight/doctor/walk/login/login.ts";
import type { ClientWalk, Walk } from "../insight/doctor/walk/walk.ts";
import { oneLine } from "../oauth/harmless.ts";
import { canonicalResource } from "../oauth/resource.ts";
import type { Store } from "../oauth/store.ts";
import { StoreUnavailableError } from "../oauth/store.ts";
import { trustAuthorities } from "../start/authorities.ts";
import { type ReportOption, reportAbout } from "./doctor-report.ts";
import { nobody, type Visitors, visitorsOf } from "./doctor-visitors.ts";
import { printJson, type YesOption } from "./options.ts";
import { Refusal } from "./refusal.ts";
import type { Shell } from "./shell.ts";
import { interruptible } from "./signals.ts";
import { type Stopwatch, startStopwatch } from "./stopwatch.ts";
import { withStore } from "./store.ts";

/*
 * `gatehouse doctor <address>`: what becomes of each known client at this server, which may be anybody's.
 */

export interface WalkCommandOptions extends ReportOption, YesOption {
  readonly client?: readonly string[];
  /** `--no-register` */
  readonly register: boolean;
  readonly login?: true;
}

/** Milliseconds for all of it but signing in. */
const timeout = 60_000;
/** Milliseconds until nobody is waited for any more. */
const loginTimeout = 300_000;

/** Walks, prints how each client fares, and is refused where one will not connect. */
export async function examineServer(shell: Shell, given: string, options: WalkCommandOptions): Promise<void> {
  const address = addressOf(given);
  // Loaded here, because nothing else needs any of it.
  const { chosen, walk } = await import("../insight/doctor/walk/walk.ts");
  const clients = options.client ?? [];
  if (options.login && !options.register) {
    throw new Refusal(2, "--login signs in under a registration of its own, which --no-register forbids");
  }
  const own = ownOrigin(shell);
  if (chosen(clients, address).length === 0) {
    const known = chosen([], address).map(({ name }) => name);
    throw new Refusal(
      2,
      `--client ${oneLine(clients.join(", "))}: no such client; known are ${known.join("; ")}`,
    );
  }
  const visitors = await visitorsAt(shell, address, own, chosen(clients, address));
  const walked = await interruptible(async (interrupted) => {
    const watch = startStopwatch(timeout);
    const login = {
      show: showLink(shell),
      signedIn: visitors.note,
      timeout: loginTimeout,
      signal: interrupted,
    };
    try {
      return await walk(address, {
        signal: AbortSignal.any([watch.signal, interrupted]),
        clients,
        registers: options.register,
        ...(options.login && { login }),
        isOurs: (origin) => origin === own,
        agrees: agreement(shell, options, own, watch),
      });
    } catch (error) {
      throw new Refusal(
        1,
        `${oneLine(given)}: ${oneLine(error instanceof Error ? error.message : String(error))}`,
      );
    } finally {
      watch.stop();
      await visitors.forget();
    }
  });
  if (options.report) shell.print(await report(shell, walked));
  else if (options.json) printJson(shell, describe(walked), 2);
  else for (const line of linesOf(walked, options)) shell.print(line);
  if (walked.left.length > 0) {
    const left = walked.left.map((id) => oneLine(id)).join(", ");
    shell.complain(`Left behind, because that server offers no removal of registrations: ${left}`);
  }
  if (walked.clients.some((client) => resultOf(client) === "fail")) throw new Refusal(1, "");
}

/** What each client met, step by step, without whose server it is. */
async function report(shell: Shell, { clients, findings }: Walk): Promise<string> {
  const { createDoctor } = await import("../start/doctor.ts");
  const doctor = createDoctor(shell);
  const steps = clients.flatMap(({ client, findings }) => findings.map((each) => ({ ...each, client })));
  const clean = (text: string | undefined) => (text === undefined ? {} : { mend: harmless(text) });
  const all = [...findings, ...steps].map(({ mend, finding, ...rest }) => ({
    ...{ ...rest, finding: harmless(finding) },
    ...clean(mend),
  }));
  try {
    return await reportAbout(doctor, all);
  } finally {
    await doctor.close();
  }
}

/** Where somebody signs in, and for whom that tells. */
function showLink(shell: Shell): LoginOptions["show"] {
  return (link, manner, clients) => {
    shell.complain(`Sign in here, for clients ${manner} (${clients.join(", ")}):\n  ${link}`);
  };
}

/** Those of our own database, where there is one and our server is what is looked at. */
async function visitorsAt(
  shell: Shell,
  address: string,
  own: string | undefined,
  clients: readonly McpClient[],
): Promise<Visitors> {
  if (own === undefined) return nobody;
  try {
    const knows = async (store: Store) =>
      new URL(address).origin === own ||
      (await store.listResources()).some(({ identifier }) => identifier === canonicalResource(address));
    return (await withStore(shell, knows)) ? await visitorsOf(shell, clients) : nobody;
  } catch (error) {
    if (!(error instanceof Refusal || error instanceof StoreUnavailableError)) throw error;
    return nobody;
  }
}

function addressOf(given: string): string {
  const text = /^https?:\/\//i.test(given) ? given : `https://${given}`;
  if (URL.canParse(text)) return new URL(text).href;
  throw new Refusal(2, `${oneLine(given)}: give the address of an MCP server, or an issuer`);
}

/** On our own server nobody is asked; elsewhere it is told, and asked for (Z12). */
function agreement(
  shell: Shell,
  { yes }: YesOption,
  own: string | undefined,
  watch: Stopwatch,
): (origin: string) => Promise<boolean> {
  return async (origin) => {
    if (origin === own) return true;
    const what = `Clients are registered at ${origin} as "Gatehouse doctor", and removed again where it offers that`;
    if (yes) {
      shell.complain(`${what}.`);
      return true;
    }
    const answer = shell.confirm(`${what}. Go on?`);
    if (answer === undefined) {
      shell.complain(
        `${what}: give --yes for that. Without it, only clients that publish a document are walked with.`,
      );
      return false;
    }
    return watch.pausedFor(answer);
  };
}

/** Of the server that is configured here, if there is one. */
function ownOrigin(shell: Shell): string | undefined {
  try {
    const config = loadConfig(shell, "command");
    trustAuthorities(config);
    return new URL(config.settings.issuer).origin;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return undefined;
  }
}

type Result = Finding["result"];

/** A client that people do not use any more fails nobody. */
function resultOf({ connects, superseded, findings }: ClientWalk): Result {
  if (connects === undefined) return "skipped";
  const worst = (["fail", "warn", "skipped"] as const).find((each) =>
    findings.some(({ result }) => result === each),
  );
  return superseded && worst === "fail" ? "warn" : (worst ?? "ok");
}

function linesOf({ target, clients, findings }: Walk, { login }: WalkCommandOptions): string[] {
  const width = Math.max(...clients.map(({ client }) => client.length));
  const below = " ".repeat(9 + width + 2);
  return [
    `${target.kind === "MCP server" ? "The MCP server" : "The authorization server"} ${oneLine(target.address)}, as ${clients.length === 1 ? "one client" : `${clients.length} clients`} would find it${login ? "" : ", up to the sign-in page"}:`,
    ...findings.map(
      ({ id, result, finding }) => `${result.padEnd(9)}${id.padEnd(width)}  ${harmless(finding)}`,
    ),
    ...clients.map((walked) => {
      const last = worstOf(walked);
      const line = `${resultOf(walked).padEnd(9)}${walked.client.padEnd(width)}  ${verdict(walked)}`;
      return last?.mend !== undefined ? `${line}\n${below}→ ${harmless(last.mend)}` : line;
    }),
  ];
}

function verdict(walked: ClientWalk): string {
  const worst = worstOf(walked);
  const why = worst === undefined ? "" : `${worst.id}: ${harmless(worst.finding)}`;
  if (!walked.connects) return why;
  return worst === undefined ? "will connect" : `will connect, but ${why}`;
}

/** What a client stops at, or what it suffers. */
function worstOf({ connects, findings }: ClientWalk): Finding | undefined {
  if (connects !== true) return findings.at(-1);
  return findings.find(({ result }) => result !== "ok");
}

/** What others answer stands in these sentences. */
const harmless = (text: string) => oneLine(text, 1000);

function describe({ target, clients, findings, left }: Walk) {
  const clean = ({ id, result, finding, mend, client }: Finding) => ({
    id,
    result,
    finding: harmless(finding),
    mend: mend === undefined ? undefined : harmless(mend),
    client,
  });
  return {
    target: { kind: target.kind, address: target.address },
    clients: clients.map((walked) => ({
      client: walked.client,
      result: resultOf(walked),
      connects: walked.connects,
      findings: walked.findings.map(clean),
    })),
    findings: findings.map(clean),
    left,
  };
}
