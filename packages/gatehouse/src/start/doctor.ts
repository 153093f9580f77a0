import sea from "node:sea";
import { type ConfigInput, type LoadedSettings, loadSettings } from "../config/config.ts";
import { ConfigError, nameOf } from "../config/config-errors.ts";
import { shownSettings } from "../config/shown-settings.ts";
import type { DoctorCheck } from "../insight/doctor/check.ts";
import {
  type ConfigurationProblem,
  configurationCheck,
  type Door,
  whoCheck,
} from "../insight/doctor/checks/configuration.ts";
import { runtimeCheck } from "../insight/doctor/checks/runtime.ts";
import { programVersion } from "../shipped-files.ts";
import { openDoors } from "./open-doors.ts";

/*
 * What `gatehouse doctor` looks at, in its order, with what each check asks. Only that command loads this.
 */

/** The checks of a server that is configured so, whether it runs or not. */
export function doctorChecks(input: ConfigInput): DoctorCheck[] {
  const loaded = load(input);
  return [
    configurationCheck(() => ("problems" in loaded ? loaded : counted(loaded))),
    ...("problems" in loaded ? [] : checksOf(loaded)),
    runtimeCheck({
      version: programVersion(),
      node: process.versions.node,
      as: sea.isSea() ? "executable" : "package",
    }),
  ];
}

function checksOf({ config }: LoadedSettings): DoctorCheck[] {
  return [whoCheck(doorsOf(config), config.sections.access?.sign_in !== undefined)];
}

function load(input: ConfigInput): LoadedSettings | { readonly problems: readonly ConfigurationProblem[] } {
  try {
    return loadSettings(input, "serve");
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
