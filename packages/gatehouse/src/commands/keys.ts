import type { Command } from "commander";
import { loadConfig } from "../config/config.ts";
import { replaceKeyFile } from "../keys/key-file.ts";
import type { ConfiguredKeys } from "../keys/keyring.ts";
import type { Store } from "../oauth/store.ts";
import { configuredKey, keyIdOf, keyName, newKeyText } from "../oauth/tokens/secret-keys.ts";
import { formatInstant } from "../oauth/values.ts";
import { configuredKeys } from "../start/keyed-store.ts";
import { recordingActs } from "./acts.ts";
import { type ListedKey, listKeys } from "./listed-keys.ts";
import { agree, asJson, type JsonOption, printJson, withoutAsking, type YesOption } from "./options.ts";
import { Refusal } from "./refusal.ts";
import type { Shell } from "./shell.ts";
import { changeStore, trailOf, withStore } from "./store.ts";
import { formatTable, several } from "./table.ts";

interface RetireOptions extends JsonOption, YesOption {
  readonly force?: true;
}

export function addKeysCommand(program: Command, shell: Shell): void {
  const keys = program.command("keys").description("the secret keys that refresh tokens are made with");
  keys
    .command("list")
    .description("list the keys, newest first, and how many live grants still depend on each")
    .addOption(asJson())
    .action(({ json }: JsonOption) => list(shell, json));
  keys
    .command("rotate")
    .description(
      "make a new key and keep the older ones: in the key file, or, where SECRET_KEY or SECRET_KEY_FILE is set, says what to set",
    )
    .addOption(asJson())
    .action(({ json }: JsonOption) => rotate(shell, json));
  keys
    .command("retire <key>")
    .description("take an older key, by its name in the list, away; refused while grants depend on it")
    .option(
      "--force",
      "although grants depend on it: their people sign in anew; says how many grants and asks",
    )
    .addOption(withoutAsking())
    .addOption(asJson())
    .action((name: string, options: RetireOptions) => retire(shell, name, options));
}

async function list(shell: Shell, json: true | undefined): Promise<void> {
  const { listed } = await withStore(shell, (store) => lookIn(shell, store));
  if (json) return printJson(shell, listed.map(describe));
  if (listed.length === 0) return shell.complain("There is no key yet: the first start makes one.");
  shell.print(
    formatTable(
      ["KEY", "USE", "WHERE", "SINCE", "LIVE GRANTS", "PEOPLE"],
      listed.map(({ name, use, from, since, grants, people }) => [
        name ?? "(noted for none)",
        use,
        from ?? "",
        since === undefined ? "" : formatInstant(since),
        String(grants),
        String(people),
      ]),
    ),
  );
}

async function rotate(shell: Shell, json: true | undefined): Promise<void> {
  const config = loadConfig(shell, "command");
  const configured = await configuredKeys(config);
  const { from, path, keys } = configured;
  const text = newKeyText();
  const { readings } = await configuredKey(text);
  const key = keyName(keyIdOf(readings[0]));
  if (from === "memory") throw new Refusal(1, "a database in memory has a key of its own at each start");
  if (from !== "key file") {
    if (json) return printJson(shell, { key, from, path, secret: text });
    shell.complain(tellWhatToSet(configured, key));
    return shell.print(text);
  }
  if (path === undefined || keys.length === 0) {
    throw new Refusal(1, `there is no key file ${path} yet: the first start makes it`);
  }
  await recordingActs(
    shell,
    config,
    () => trailOf(config),
    async (done) => {
      await replaceKeyFile(path, [text, ...keys.map((each) => each.text)]);
      await done({ name: "key_rotated", detail: key });
    },
  );
  if (json) return printJson(shell, { key, from, path, secret: undefined });
  shell.complain(
    `The new key ${key} stands first in ${path}; what the older ones made goes on being good.
Restart every process that uses this database, all of them at once: one that was not restarted refuses what the new key made.`,
  );
}

function tellWhatToSet({ from, path, keys }: ConfiguredKeys, key: string): string {
  const followed = keys.length === 0 ? "" : ", followed by a comma and what it holds now,";
  const what =
    from === "SECRET_KEY_FILE"
      ? `Put the new key ${key} above the others in ${path}, and restart.`
      : `Set SECRET_KEY to the new key ${key}${followed} and restart.`;
  return `${what}
Where several processes are not restarted all at once, first give it as the last of the keys to each of them, so that all verify it.
The new key, shown only this once:`;
}

async function retire(shell: Shell, name: string, options: RetireOptions): Promise<void> {
  const { key, inFile } = await changeStore(shell, async (store, done) => {
    const { configured, listed } = await lookIn(shell, store);
    const key = retirable(name, listed);
    if (options.force) await agree(shell, options, `retiring ${name} ends ${inWords(key)}`);
    else refuseNeeded(key, listed);
    const rest = configured.keys.filter(
      ({ readings }) => !readings.some(({ fingerprint }) => key.fingerprints.includes(fingerprint)),
    );
    const isIn = configured.from === "key file" && rest.length < configured.keys.length;
    const inFile = isIn ? configured.path : undefined;
    if (inFile !== undefined) {
      await replaceKeyFile(
        inFile,
        rest.map(({ text }) => text),
      );
    }
    await store.forgetKeys(key.fingerprints);
    await done({ name: "key_removed", detail: name, count: key.grants });
    return { key, inFile };
  });
  if (options.json) return printJson(shell, { retired: name, grants: key.grants });
  shell.complain(
    `Retired the key ${name}${key.grants > 0 ? `: ${inWords(key)} end with the next refresh` : ""}.`,
  );
  if (inFile !== undefined)
    shell.complain(`It has left ${inFile}; processes that run know it until they are restarted.`);
  else if (key.from !== undefined) shell.complain(`Take it out of ${key.from} and restart.`);
}

function retirable(name: string, listed: readonly ListedKey[]): ListedKey {
  const key = listed.find((each) => each.name === name);
  if (key === undefined)
    throw new Refusal(1, `there is no key ${JSON.stringify(name)}: see gatehouse keys list`);
  if (key.use === "makes tokens") {
    throw new Refusal(1, `${name} makes the tokens now: gatehouse keys rotate first, and restart`);
  }
  if (key.fingerprints.length === 0) {
    throw new Refusal(1, `${name} was taken away before; what depends on it ends by itself`);
  }
  return key;
}

/**
 * What stands in the configuration here may differ from what the processes were started with, so the database
 * decides.
 */
function refuseNeeded(key: ListedKey, listed: readonly ListedKey[]): void {
  if (key.latest) {
    throw new Refusal(
      1,
      `the process that started last makes tokens with ${key.name}: restart it with the newer key first, or say --force`,
    );
  }
  if (key.grants > 0) {
    throw new Refusal(
      1,
      `${inWords(key)} still depend on ${key.name}: wait, or say --force and they sign in anew`,
    );
  }
  const unnoted = listed.find(({ name }) => name === undefined);
  if (key.since === undefined && unnoted !== undefined) {
    throw new Refusal(
      1,
      `${inWords(unnoted)} were refreshed last before keys were noted and may depend on ${key.name}: wait, or say --force and they may have to sign in anew`,
    );
  }
}

const inWords = ({ grants, people }: ListedKey) =>
  `${several(grants, "live grant")} (of ${people === 1 ? "1 person" : `${people} people`})`;

async function lookIn(shell: Shell, store: Store) {
  const configured = await configuredKeys(loadConfig(shell, "command"));
  const now = shell.clock.now();
  const { known } = await store.findKeys(now);
  return { configured, listed: listKeys(configured, known, (await store.countGrants(now)).byKey) };
}

function describe({ name, use, from, since, grants, people }: ListedKey): Record<string, unknown> {
  return { key: name ?? null, use, from, since, grants, people };
}
