import type { Resolve } from "../../../guarded/checked-lookup.ts";
import { resolveBySystem } from "../../../guarded/checked-lookup.ts";
import type { Finding } from "../check.ts";
import { authorizationRequest, doubtAbout, openSignIn } from "./authorize.ts";
import { type Challenge, challenge } from "./challenge.ts";
import { clientAt, type McpClient, type NamedScopes } from "./client.ts";
import { type Discovered, discover } from "./discovery.ts";
import { oddities } from "./documents.ts";
import { everyClient } from "./every-client.ts";
import { identify } from "./identify.ts";
import { listenForCallback } from "./login/callback.ts";
import { type LoginOptions, signInAs, type Waiting } from "./login/login.ts";
import { inPage } from "./page.ts";
import { locate } from "./reach.ts";
import { refreshPlace } from "./refresh-place.ts";
import { Registrations } from "./registrations.ts";
import { passed, type Step, Stopped, Unwalkable } from "./stopped.ts";
import { type Target, targetOf } from "./target.ts";
import { createWire, type Wire } from "./wire.ts";

/*
 * Connects to an MCP server, or to an authorization server, as each known client does, up to the page where
 * somebody would sign in, and says for each whether it will connect (Z11).
 */

export interface WalkOptions {
  readonly signal: AbortSignal;
  /** Clients whose names contain one of these, in any case; empty: all. */
  readonly clients?: readonly string[];
  /** False: nothing is registered anywhere. */
  readonly registers?: boolean;
  /** Asked once for each server before anything is registered there. Absent: agreed. */
  readonly agrees?: (origin: string) => Promise<boolean>;
  readonly resolve?: Resolve;
  /** Whether the authorization server of this origin is Gatehouse itself, whose ways are known. */
  readonly isOurs?: (origin: string) => boolean;
  /** Somebody signs in, once for each manner of asking that clients have. */
  readonly login?: LoginOptions;
  /** Milliseconds for one exchange. */
  readonly timeout?: number;
}

/** How one client fares. */
export interface ClientWalk {
  readonly client: string;
  /** What people used before. */
  readonly superseded: boolean;
  /** `undefined`: cannot be told from here. */
  readonly connects: boolean | undefined;
  /** The last is where it ended. */
  readonly findings: readonly Finding[];
}

export interface Walk {
  readonly target: Target;
  readonly clients: readonly ClientWalk[];
  /** What holds for all of them. */
  readonly findings: readonly Finding[];
  /** Registrations that could not be removed. */
  readonly left: readonly string[];
}

/** Clients walk side by side, so many at once. */
const sideBySide = 4;

/** @param address an MCP server's, or an issuer. Throws {@link WireError} when nothing there can be asked. */
export async function walk(address: string, options: WalkOptions): Promise<Walk> {
  const { signal, timeout, isOurs = () => false } = options;
  const { reach, resolve } = await locate(new URL(address), options.resolve ?? resolveBySystem);
  const wire = createWire({ reach, signal, resolve, timeout });
  // What was registered is removed also when the walk itself was broken off.
  const cleaning = createWire({ reach, signal: new AbortController().signal, resolve, timeout });
  const registrations =
    options.registers === false
      ? undefined
      : new Registrations(cleaning, options.agrees ?? (async () => true));
  const odd = new Set<string>();
  try {
    const target = await targetOf(address, wire);
    const waiting: Waiting[] = [];
    // Nobody signs in for what people do not use any more, unless it was asked for.
    const isWorthSigningIn = ({ client }: Waiting) => !client.superseded || options.clients?.length;
    const walked = await inTurns(chosen(options.clients ?? [], target.address), (client) =>
      walkAs(client, target, registrations, wire, { odd, isOurs, waiting, signal }),
    );
    const { clients, ends } =
      options.login === undefined || registrations === undefined
        ? { clients: walked, ends: [] }
        : await goOn(
            walked,
            waiting.filter(isWorthSigningIn),
            { wire: cleaning, registrations },
            options.login,
          );
    const left = (await registrations?.removeAll()) ?? [];
    const findings = [...describeOddities([...wire.hazards, ...odd]), ...ends];
    return { target, clients, findings, left };
  } finally {
    await registrations?.removeAll();
    await Promise.all([wire.close(), cleaning.close()]);
  }
}

/** What becomes of those that came to the sign-in page once somebody signs in. */
async function goOn(
  walked: readonly ClientWalk[],
  waiting: readonly Waiting[],
  tools: { readonly wire: Wire; readonly registrations: Registrations },
  login: LoginOptions,
): Promise<{ readonly clients: readonly ClientWalk[]; readonly ends: readonly Finding[] }> {
  const callback = await listenForCallback();
  try {
    const { clients: fared, ends } = await signInAs(waiting, { ...tools, callback }, login);
    const clients = walked.map((walk) => {
      const more = fared.get(walk.client);
      const before = walk.findings.filter(({ result }) => result !== "skipped");
      return more === undefined
        ? walk
        : { ...walk, connects: more.connects ?? walk.connects, findings: [...before, ...more.findings] };
    });
    return { clients, ends };
  } finally {
    callback.close();
  }
}

/** The clients of those names, as they connect to this MCP server. */
export function chosen(names: readonly string[], address: string): McpClient[] {
  const isAsked = ({ name }: McpClient) =>
    names.length === 0 || names.some((part) => name.toLowerCase().includes(part.toLowerCase()));
  return everyClient.filter(isAsked).map((client) => clientAt(client, address));
}

/** What is noted on the way of all clients. */
interface Notes {
  readonly odd: Set<string>;
  readonly isOurs: (origin: string) => boolean;
  /** Who came to the sign-in page. */
  readonly waiting: Waiting[];
  /** Aborted when the time for all is over. */
  readonly signal: AbortSignal;
}

async function walkAs(
  client: McpClient,
  target: Target,
  registrations: Registrations | undefined,
  shared: Wire,
  { odd, isOurs, waiting, signal }: Notes,
): Promise<ClientWalk> {
  const { name, headers, superseded = false } = client;
  const wire = headers.origin === undefined ? shared : inPage(shared, headers.origin);
  const findings: Finding[] = [];
  const note = (step: Step, told: string) => findings.push(passed(step, name, told));
  try {
    const server = target.kind === "MCP server" ? target.address : undefined;
    let asked: Challenge | undefined;
    if (server !== undefined) {
      asked = await challenge(client, server, wire);
      note("walk.challenge", asked.told);
      if (asked.open) return { client: name, superseded, connects: true, findings };
      if (asked.metadata !== undefined) add(odd, oddities(asked.metadataUrl ?? server, asked.metadata));
    }
    const found = await discover(client, server, asked ?? nothing, target.issuer, wire);
    if (found.metadata !== undefined) add(odd, oddities(found.issuer, found.metadata));
    note("walk.discovery", found.told);
    const scopes = scopesOf(asked, found);
    const identified = await identify(client, found, scopes, registrations, wire);
    note("walk.identify", identified.told);
    const published = asked?.metadata?.resource;
    const request = authorizationRequest(client, identified.clientId, found, { server, published, scopes });
    // In the person's browser, for which no page's rules hold.
    const told = await openSignIn(client, request, shared);
    waiting.push({ client, found, scopes, server, published });
    const doubt = isOurs(new URL(found.endpoints.authorize).origin) ? undefined : doubtAbout(request);
    if (doubt !== undefined) throw new Unwalkable("walk.authorize", `${told} But ${doubt}: --login tells.`);
    note("walk.authorize", told);
    const refresh = await refreshPlace(client, server, shared);
    if (refresh !== undefined) findings.push(refresh);
    return { client: name, superseded, connects: true, findings };
  } catch (error) {
    const late = new Unwalkable(
      lastStep(findings),
      "The time for all clients was over before it got further.",
    );
    return { client: name, superseded, ...ended(signal.aborted ? late : error, name, findings) };
  }
}

function lastStep(findings: readonly Finding[]): Step {
  return (findings.at(-1)?.id as Step | undefined) ?? "walk.challenge";
}

function ended(
  error: unknown,
  client: string,
  findings: readonly Finding[],
): Pick<ClientWalk, "connects" | "findings"> {
  if (error instanceof Stopped) {
    const stop: Finding = {
      id: error.step,
      result: "fail",
      finding: error.message,
      mend: error.mend,
      client,
    };
    return { connects: false, findings: [...findings, stop] };
  }
  if (error instanceof Unwalkable) {
    const stop: Finding = { id: error.step, result: "skipped", finding: error.message, client };
    return { connects: undefined, findings: [...findings, stop] };
  }
  throw error;
}

const nothing = { metadata: undefined, metadataUrl: undefined };

function scopesOf(asked: Challenge | undefined, { metadata }: Discovered): NamedScopes {
  return {
    resource: asked?.scope ?? asked?.metadata?.scopes_supported?.join(" ") ?? undefined,
    server: metadata?.scopes_supported ?? [],
  };
}

function describeOddities(oddities: readonly string[]): Finding[] {
  return oddities.map((odd) => ({ id: "walk.discovery", result: "warn", finding: `${odd}.` }));
}

function add(to: Set<string>, more: readonly string[]): void {
  for (const one of more) to.add(one);
}

async function inTurns<T, R>(items: readonly T[], act: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = new Array(items.length);
  const left = items.entries();
  await Promise.all(
    Array.from({ length: sideBySide }, async () => {
      for (const [index, item] of left) results[index] = await act(item);
    }),
  );
  return results;
}
