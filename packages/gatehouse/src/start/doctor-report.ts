import { homedir, hostname, userInfo } from "node:os";
import { basename, dirname, resolve } from "node:path";
import type { Config, LoadedSettings } from "../config/config.ts";
import { givenValues } from "../config/given-values.ts";
import { settingPaths } from "../config/settings-table.ts";
import type { DoctorCheck } from "../insight/doctor/check.ts";
import type { Private } from "../insight/doctor/placeholders.ts";
import type { ReportAbout } from "../insight/doctor/report.ts";
import { programVersion } from "../shipped-files.ts";
import type { diskToLookAt, LookedAtDatabase } from "./doctor-database.ts";

/** What a report says of the system, without telling whose it is. */
export function aboutSystem(loaded: LoadedSettings | undefined): ReportAbout {
  const database = loaded && (loaded.config.storage.kind === "sqlite" ? "SQLite" : "PostgreSQL");
  const parts = [
    `Gatehouse ${programVersion()}`,
    `Node ${process.versions.node}`,
    `${process.platform} ${process.arch}`,
    ...(database === undefined ? [] : [database]),
  ];
  return { system: parts.join(", "), settings: loaded ? [...loaded.sources.winning.keys()] : [] };
}

/**
 * What a report must not tell, as far as it is known here.
 * @param environment of a configuration with faults, of which nothing else is known: all of it is private
 */
export async function privateOf(
  loaded: LoadedSettings | undefined,
  environment: Readonly<Record<string, string | undefined>>,
  checks: readonly DoctorCheck[],
  { database, disk }: { database: LookedAtDatabase | undefined; disk: ReturnType<typeof diskToLookAt> },
): Promise<Private> {
  const { secrets, others } =
    loaded === undefined
      ? { secrets: secretsIn(environment), others: Object.values(environment).filter(isText) }
      : givenValues(loaded);
  const resources = await resourcesIn(database);
  const values = [...others, ...resources.map(({ identifier }) => identifier)];
  const providers = loaded?.config.providers ?? [];
  const { username } = userInfo();
  return {
    secrets,
    hosts: [hostname(), ...values.flatMap(hostsIn)],
    people: username === "root" ? [] : [username],
    names: [
      ...resources.flatMap(({ name }) => name ?? []),
      ...(await filesBeside(loaded?.config, disk)),
      ...providers.flatMap(({ title, ...about }) => (isPreset(about) ? [] : title)),
      ...providers.flatMap((about) => (about.kind === "github" ? (about.organizations ?? []) : [])),
    ],
    folders: foldersOf(loaded?.config),
    tokenPrefixes: loaded?.config.settings.tokenPrefixes ?? [],
    words: [...settingPaths, ...checks.map(({ id }) => id)],
  };
}

/** Of what lies beside the database what may be named for the room it takes. */
async function filesBeside(
  config: Config | undefined,
  disk: ReturnType<typeof diskToLookAt>,
): Promise<string[]> {
  if (disk === undefined || config?.storage.kind !== "sqlite") return [];
  const own = basename(config.storage.path);
  const largest = await disk().then(
    ({ largest }) => largest(),
    () => [],
  );
  return largest.flatMap(({ path }) => (path.startsWith(own) ? [] : path));
}

const isText = (text: string | undefined) => text !== undefined;

const secretsIn = (environment: Readonly<Record<string, string | undefined>>) =>
  Object.entries(environment).flatMap(([name, text]) =>
    text !== undefined && /SECRET|TOKEN|PASSWORD|KEY/.test(name) ? text : [],
  );

const isPreset = (about: object) =>
  "preset" in about ? about.preset !== undefined : "kind" in about && about.kind !== "openid";

async function resourcesIn(database: LookedAtDatabase | undefined) {
  try {
    return (await (await database?.open())?.listResources()) ?? [];
  } catch {
    return []; // nothing that the checks say can be of it then
  }
}

/** The host of a URL, or what is one by itself, as in `ALLOWED_DOMAINS` or a list of proxies. */
function hostsIn(text: string): string[] {
  return text.split(/[\s,]+/).flatMap((part) => {
    if (part.includes("://")) return URL.canParse(part) ? [new URL(part).host, new URL(part).hostname] : [];
    const bare = part.replace(/:\d+$/, "");
    return /^(?=.*[a-z])[\w-]+(?:\.[\w-]+)+$/i.test(bare) ? [part, bare] : [];
  });
}

function foldersOf(config: Config | undefined): string[] {
  const paths = [
    config?.storage.kind === "sqlite" && config.storage.path !== ":memory:" ? config.storage.path : undefined,
    config?.file?.path,
    config?.secretKeyFile,
  ];
  const folders = paths.flatMap((path) =>
    path === undefined ? [] : [dirname(path), dirname(resolve(path))],
  );
  // Deeper than `/srv`, which is everybody's.
  return [homedir(), ...folders].filter(
    (folder) => basename(folder) !== folder && folder.split("/").length > 2,
  );
}
