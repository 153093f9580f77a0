import type { Logger } from "pino";
import type { Config } from "../config/config.ts";
import {
  type DeclarationOutcome,
  type Declarations,
  type DeclaredKind,
  type DeclaredName,
  hasLeft,
  idOf,
  leftFor,
} from "../oauth/declarations.ts";
import type { Clock, Events } from "../oauth/ports.ts";
import { type Store, StoreUnavailableError } from "../oauth/store.ts";
import type { Seconds } from "../oauth/values.ts";
import { declaredIn, nothingDeclared } from "./declared.ts";
import type { Reloadable } from "./reload.ts";

export interface KeptDeclarations extends Reloadable {
  /** For `/readyz`: where the declarations that hold are another instance's. */
  warnings(): Promise<readonly string[]>;
  /** What is to be done now and then; by itself once a minute. */
  look(): Promise<void>;
  stop(): void;
}

/** Milliseconds. */
const lookEvery = 60_000;
const retryAfter = 1000;

const kinds: readonly DeclaredKind[] = ["resources", "servers", "clients"];

/**
 * Sees to it that what gatehouse.yaml declares is in the store, from the start on and after each reload.
 * Where the database cannot be asked yet, as soon as it can.
 * @param decides false: another process of this server declares, and this one only looks
 * @throws Error where it would take what a command added under another name
 */
export async function keepDeclarations(
  config: Config,
  services: { readonly log: Logger; readonly events: Events; readonly store: Store; readonly clock: Clock },
  decides: boolean,
): Promise<KeptDeclarations> {
  const { log, store, clock } = services;
  let own = declaredIn(config, clock.now());
  let told = "";
  let retry: NodeJS.Timeout | undefined;
  if (decides) await eventually(own);
  const timer = setInterval(() => void look().catch(() => undefined), lookEvery); // the database says so itself
  timer.unref();

  async function eventually(wanted: Declarations): Promise<void> {
    try {
      await declare(services, wanted);
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      retry = setTimeout(() => {
        eventually(wanted).catch((failure) => log.error({ err: failure }, "nothing was declared"));
      }, retryAfter);
      retry.unref();
    }
  }

  /** What holds and is not ours, told once. */
  async function warnings(): Promise<readonly string[]> {
    const holding = await store.findDeclarations();
    const found = kinds.flatMap((kind) => {
      const theirs = holding[kind] ?? nothingDeclared;
      const ours = own[kind]?.fingerprint;
      if (theirs === (ours ?? nothingDeclared)) return [];
      return ours === undefined
        ? `${kind} are declared by another file (${theirs}), and this one says nothing of them; ${kind}: [] removes them`
        : `${kind} are declared otherwise by the instance that was started or reloaded last: ${theirs} holds, this one has ${ours}`;
    });
    const all = found.join("; ");
    if (all !== told && all !== "")
      log.warn({ declarations: all }, "this instance's declarations do not hold");
    told = all;
    return found;
  }

  async function look(): Promise<void> {
    await warnings();
    if (decides) await endOverdue(services);
  }

  return {
    warnings,
    look,
    async prepare(changed) {
      clearTimeout(retry);
      if (decides) await declare(services, declaredIn(changed, clock.now()));
    },
    apply(changed) {
      own = declaredIn(changed, clock.now());
    },
    stop() {
      clearInterval(timer);
      clearTimeout(retry);
    },
  };
}

type Services = Parameters<typeof keepDeclarations>[1];

async function declare(services: Services, wanted: Declarations): Promise<void> {
  const { store, clock } = services;
  if (kinds.every((kind) => wanted[kind] === undefined)) return;
  for (;;) {
    const outcome = await store.declare(wanted, clock.now());
    switch (outcome.outcome) {
      case "declared":
        return tell(services, outcome);
      case "conflict":
        throw new Error(
          `the credential of the resource ${outcome.resource} in the file is that of ${outcome.other}, which gatehouse resources add made: give it one of its own`,
        );
      case "blocked":
        // It comes back too late, or as something else: what was granted then is not for it.
        for (const name of outcome.by) await end(services, name, clock.now());
    }
  }
}

async function tell(
  { log, events, store, clock }: Services,
  { changed, returned, left }: Extract<DeclarationOutcome, { outcome: "declared" }>,
): Promise<void> {
  if (changed.length > 0)
    log.info({ declared: changed.map(({ id }) => id) }, "newly declared, or declared otherwise");
  for (const name of returned) events.emit({ name: "declaration_returned", ...about(name) });
  for (const name of left) {
    const grants = await store.countGrantsFor(name, clock.now());
    const detail = `${name.id} is no longer declared and does nothing from now on; ${countOf(grants)} for a day in case it comes back unchanged`;
    events.emit({ name: "declaration_left", ...about(name), detail });
  }
}

async function endOverdue(services: Services): Promise<void> {
  const { store, clock } = services;
  const before = (clock.now() - leftFor) as Seconds;
  const gone = [...(await store.listResources()), ...(await store.listProvisionedClients())].filter(hasLeft);
  for (const item of gone) {
    if ((item.declared?.leftAt ?? clock.now()) > before) continue;
    await end(services, { kind: "identifier" in item ? "resources" : "clients", id: idOf(item) }, before);
  }
}

async function end({ events, store }: Services, name: DeclaredName, leftBefore: Seconds): Promise<void> {
  const ended = await store.endLeft(name, leftBefore);
  if (ended === undefined) return;
  const detail = `${name.id} did not come back unchanged in time: ${ended.grants} ${ended.grants === 1 ? "grant has" : "grants have"} ended`;
  events.emit({ name: "declaration_ended", ...about(name), detail });
}

const about = ({ kind, id }: DeclaredName) => ({
  request: "-",
  ...(kind === "resources" ? { resource: id } : { client: id }),
});

const countOf = (grants: number) => (grants === 1 ? "1 grant waits" : `${grants} grants wait`);
