import sea from "node:sea";
import { type ConfigInput, type LoadedSettings, loadSettings } from "../config/config.ts";
import { ConfigError, nameOf } from "../config/config-errors.ts";
import { shownSettings } from "../config/shown-settings.ts";
import type { DoctorCheck } from "../insight/doctor/check.ts";
import { afterBaseUrl, baseUrlCheck, findOtherAddress } from "../insight/doctor/checks/base-url.ts";
import { clockChecks } from "../insight/doctor/checks/clocks.ts";
import {
  type ConfigurationProblem,
  configurationCheck,
  type Door,
  whoCheck,
} from "../insight/doctor/checks/configuration.ts";
import { databaseChecks } from "../insight/doctor/checks/database.ts";
import { diskCheck } from "../insight/doctor/checks/disk.ts";
import { historyChecks } from "../insight/doctor/checks/history.ts";
import { keyChecks } from "../insight/doctor/checks/keys.ts";
import { providerChecks } from "../insight/doctor/checks/providers.ts";
import { publicChecks, sameConfigurationCheck } from "../insight/doctor/checks/public.ts";
import { registrationsCheck } from "../insight/doctor/checks/registrations.ts";
import { resourceMetadataCheck, resourcesToAsk } from "../insight/doctor/checks/resources.ts";
import { runtimeCheck } from "../insight/doctor/checks/runtime.ts";
import { telemetryCheck } from "../insight/doctor/checks/telemetry.ts";
import { refusedTokensCheck } from "../insight/doctor/checks/tokens.ts";
import type { Private } from "../insight/doctor/placeholders.ts";
import type { ReportAbout } from "../insight/doctor/report.ts";
import type { Clock, Random } from "../oauth/ports.ts";
import { programVersion } from "../shipped-files.ts";
import { databaseToLookAt, diskToLookAt, type LookedAtDatabase } from "./doctor-database.ts";
import {
  historyToLookAt,
  lastClockFailure,
  registrationsToLookAt,
  resourcesOf,
  telemetryToLookAt,
  tokensToLookAt,
} from "./doctor-history.ts";
import { keysToLookAt } from "./doctor-keys.ts";
import { clocksOf, providersToLookAt, witnessesOf } from "./doctor-providers.ts";
import { publicToLookAt } from "./doctor-public.ts";
import { aboutSystem, privateOf } from "./doctor-report.ts";
import { once } from "./once.ts";
import { openDoors } from "./open-doors.ts";

/*
 * What `gatehouse doctor` looks at, in its order, with what each check asks. Only that command loads this.
 */

export interface Doctor {
  /** Of a server that is configured so, whether it runs or not. */
  readonly checks: readonly DoctorCheck[];
  /** For a report about it that others may read: what it is, and what is nobody's business. */
  about(): Promise<{ readonly system: ReportAbout; readonly hidden: Private }>;
  /** Lets go of what they opened. */
  close(): Promise<void>;
}

/** What it has of the world it was called from. */
export interface DoctorInput extends ConfigInput {
  readonly clock: Clock;
  readonly random: Random;
}

/** @param mode as which command reads the configuration */
export function createDoctor(input: DoctorInput, mode: "serve" | "dev" = "serve"): Doctor {
  const found = load(input, mode);
  const loaded = "problems" in found ? undefined : found;
  const database = loaded && databaseToLookAt(loaded.config);
  const disk = loaded && diskToLookAt(loaded.config, database, input.clock.now());
  const checks = [
    configurationCheck(() => ("problems" in found ? found : counted(found))),
    runtimeCheck({
      version: programVersion(),
      node: process.versions.node,
      as: sea.isSea() ? "executable" : "package",
    }),
    ...(loaded === undefined ? [] : look(loaded, database, disk, input)),
  ];
  return {
    checks,
    about: async () => ({
      system: aboutSystem(loaded),
      hidden: await privateOf(loaded, input.environment, checks, { database, disk }),
    }),
    close: async () => database?.close(),
  };
}

function look(
  { config }: LoadedSettings,
  database: LookedAtDatabase | undefined,
  disk: ReturnType<typeof diskToLookAt>,
  { clock, random }: DoctorInput,
): DoctorCheck[] {
  const server = publicToLookAt(config, { clock, random });
  const view = async () => {
    const asked = await server.ask();
    return asked.outcome === "answered" ? asked.view : server.askLocally();
  };
  const history = historyToLookAt(config, database, clock);
  const providers = providersToLookAt(config, { clock, random }, view, history);
  const databasesClock = {
    name: "the database's",
    provider: undefined,
    ahead: async () => {
      const ms = (await database?.look())?.clockAheadMs;
      return ms === undefined ? undefined : ms / 1000;
    },
  };
  const { issuer } = config.settings;
  const resources = resourcesToAsk(
    () => resourcesOf(database),
    () => clock.now(),
  );
  const { issuerAt } = server;
  const findOther = once(() => findOtherAddress({ issuer, resources, providers, issuerAt }));
  const waiting = (check: DoctorCheck) => afterBaseUrl(check, issuer, findOther);
  return [
    baseUrlCheck(issuer, findOther),
    whoCheck(doorsOf(config), config.sections.access?.sign_in !== undefined),
    sameConfigurationCheck(server, {
      fingerprint: config.fingerprint,
      file: config.file?.path,
    }),
    ...databaseChecks(database, view),
    diskCheck(disk),
    ...keyChecks(keysToLookAt(config, database, clock)),
    ...clockChecks(
      [databasesClock, ...clocksOf(providers)],
      () => witnessesOf(resources),
      () => lastClockFailure(history),
    ),
    ...[...providerChecks(providers), ...publicChecks(server)].map(waiting),
    ...historyChecks(history),
    registrationsCheck(registrationsToLookAt(config, database, history)),
    refusedTokensCheck(tokensToLookAt(config, database, history)),
    waiting(resourceMetadataCheck(resources, issuer)),
    telemetryCheck(telemetryToLookAt(config, view)),
  ];
}

function load(
  input: ConfigInput,
  mode: "serve" | "dev",
): LoadedSettings | { readonly problems: readonly ConfigurationProblem[] } {
  try {
    return loadSettings(input, mode);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const problems = error.errors.map((problem) => ({
      name: nameOf(problem),
      found: problem.found,
      expected: problem.expected,
    }));
    return { problems };
  }
}

function counted({ sources }: LoadedSettings) {
  const froms = shownSettings(sources).map(({ variable = "" }) => sources.winning.get(variable));
  const given = froms.filter((source) => source !== undefined);
  const fromFile = given.filter(({ place }) => place !== undefined).length;
  return { settings: froms.length, fromFile, fromEnvironment: given.length - fromFile };
}

function doorsOf(config: LoadedSettings["config"]): Door[] {
  const open = openDoors(config);
  return config.providers.map((about) => ({
    title: about.title,
    domains: Array.isArray(about.domains) ? about.domains : undefined,
    organizations: about.kind === "github" ? about.organizations : undefined,
    byInvitation: about.kind === "passkey",
    openMend: open.find(({ name }) => name === about.name)?.mend,
  }));
}
