import type { Command } from "commander";
import { loadConfig } from "../config/config.ts";
import { replaceKeyFile } from "../keys/key-file.ts";
import type { ConfiguredKeys } from "../keys/keyring.ts";
import { configuredKey, keyIdOf, keyName, newKeyText } from "../oauth/tokens/secret-keys.ts";
import { configuredKeys } from "../start/keyed-store.ts";
import { type ListedKey, listKeys } from "./listed-keys.ts";
import { asJson, type JsonOption } from "./options.ts";
import { Refusal } from "./refusal.ts";
import type { Shell } from "./shell.ts";
import { changeStore, withStore } from "./store.ts";
import { formatInstant, formatTable } from "./table.ts";

interface RetireOptions extends JsonOption {
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
    .option("--force", "although grants depend on it: their people sign in anew")
    .addOption(asJson())
    .action((name: string, options: RetireOptions) => retire(shell, name, options));
}

async function list(shell: Shell, json: true | undefined): Promise<void> {
  const { listed } = await look(shell);
  if (json) return shell.print(JSON.stringify(listed.map(describe)));
  if (listed.length === 0) return shell.print("There is no key yet: the first start makes one.");
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
  const configured = await configuredKeys(loadConfig(shell, "command"));
  const { from, path, keys } = configured;
  const text = newKeyText();
  const { readings } = await configuredKey(text);
  const key = keyName(keyIdOf(readings[0]));
  if (from === "memory") throw new Refusal(1, "a database in memory has a key of its own at each start");
  if (from !== "key file") {
    if (json) return shell.print(JSON.stringify({ key, from, path, secret: text }));
    return shell.print(tellWhatToSet(configured, text, key));
  }
  if (path === undefined || keys.length === 0) {
    throw new Refusal(1, `there is no key file ${path} yet: the first start makes it`);
  }
  await replaceKeyFile(path, [text, ...keys.map((each) => each.text)]);
  if (json) return shell.print(JSON.stringify({ key, from, path }));
  shell.print(
    `The new key ${key} stands first in ${path}; what the older ones made goes on being good.
Restart every process that uses this database, all of them at once: one that was not restarted refuses what the new key made.`,
  );
}

function tellWhatToSet({ from, path, keys }: ConfiguredKeys, text: string, key: string): string {
  const several =
    "Where several processes are not restarted all at once, first give it as the last of the keys to each of them, so that all verify it.";
  if (from === "SECRET_KEY_FILE") {
    return `Put the new key ${key} above the others in ${path}, and restart:\n\n${text}\n\n${several}`;
  }
  return `Set SECRET_KEY to the new key ${key}, followed by what it holds now, and restart:

SECRET_KEY="${text}${keys.length === 0 ? "" : ",$SECRET_KEY"}"

${several}`;
}

async function retire(shell: Shell, name: string, { force, json }: RetireOptions): Promise<void> {
  const { configured, listed } = await look(shell);
  const key = listed.find((each) => each.name === name);
  if (key === undefined)
    throw new Refusal(1, `there is no key ${JSON.stringify(name)}: see gatehouse keys list`);
  if (key.use === "makes tokens") {
    throw new Refusal(1, `${name} makes the tokens now: gatehouse keys rotate first, and restart`);
  }
  if (key.fingerprints.length === 0) {
    throw new Refusal(1, `${name} was taken away before; what depends on it ends by itself`);
  }
  if (!force) refuseNeeded(key, listed);
  const rest = configured.keys.filter(
    ({ readings }) => !readings.some(({ fingerprint }) => key.fingerprints.includes(fingerprint)),
  );
  const inFile = configured.from === "key file" && rest.length < configured.keys.length;
  if (inFile && configured.path !== undefined) {
    await replaceKeyFile(
      configured.path,
      rest.map(({ text }) => text),
    );
  }
  await changeStore(shell, (store) => store.forgetKeys(key.fingerprints));
  if (json) return shell.print(JSON.stringify({ retired: name, grants: key.grants }));
  shell.print(
    `Retired the key ${name}${key.grants > 0 ? `: ${inWords(key)} end with the next refresh` : ""}.`,
  );
  if (inFile)
    shell.print(`It has left ${configured.path}; processes that run know it until they are restarted.`);
  else if (key.from !== undefined) shell.print(`Take it out of ${key.from} and restart.`);
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
  `${grants} live ${grants === 1 ? "grant" : "grants"} (of ${people} ${people === 1 ? "person" : "people"})`;

function look(shell: Shell) {
  return withStore(shell, async (store) => {
    const configured = await configuredKeys(loadConfig(shell, "command"));
    const now = shell.clock.now();
    const { known } = await store.findKeys(now);
    return { configured, listed: listKeys(configured, known, (await store.countGrants(now)).byKey) };
  });
}

function describe({ name, use, from, since, grants, people }: ListedKey): Record<string, unknown> {
  return { key: name ?? null, use, from, since, grants, people };
}
