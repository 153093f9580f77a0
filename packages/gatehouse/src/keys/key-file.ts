import { randomBytes } from "node:crypto";
import { chown, link, mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { noSuchFile, readBoundedFile } from "../config/bounded-file.ts";
import { newKeyText, parseKeyFile } from "../oauth/tokens/secret-keys.ts";

type Texts = readonly [string, ...string[]];

/** What is wrong with the keys, and what to do about it: a fault of the configuration. */
export class KeyError extends Error {
  override readonly name = "KeyError";
}

/**
 * Where the keys of an embedded database are when nothing else is configured, from the root on: it is shown
 * to people.
 */
export const keyFileOf = (databasePath: string) => `${resolve(databasePath)}.key`;

/**
 * The keys in a file, newest first; `undefined` when there is no such file.
 * @param whose `operator`: who may read it is their affair, as of a secret that a container platform mounts
 * @throws KeyError when the file is damaged or cannot be read; one of ours also when it is open to every
 * account of this computer
 */
export async function readKeyFile(
  path: string,
  whose: "ours" | "operator" = "ours",
): Promise<Texts | undefined> {
  const text = whose === "operator" ? readOperatorsFile(path) : await readOwnFile(path);
  if (text === undefined) return undefined;
  // Group access stays allowed: container platforms put it on every file of a volume.
  const guarded = whose === "ours" && process.platform !== "win32";
  if (guarded && ((await stat(path)).mode & 0o007) !== 0) {
    throw new KeyError(
      `the key file ${path} is open to every account of this computer; close it: chmod 600 ${path}`,
    );
  }
  const keys = parseKeyFile(text);
  if (keys !== undefined) return keys;
  throw new KeyError(
    `the key file ${path} is damaged: it holds one key of at least 32 characters a line; restore it, or delete it and everybody has to connect their clients again`,
  );
}

async function readOwnFile(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw new KeyError(`the key file ${path} cannot be read`, { cause: error });
  }
}

/**
 * It may be anything that the operator's environment names: a pipe, a device, a file that others may write.
 */
function readOperatorsFile(path: string): string | undefined {
  const content = readBoundedFile(path, 64_000);
  if ("bytes" in content) return content.bytes.toString("utf8");
  if (content.problem === noSuchFile) return undefined;
  throw new KeyError(`the key file ${path} cannot be used, ${content.problem}`);
}

/**
 * A key file with a fresh key.
 * @throws Error that names the file when it cannot be made
 */
export async function createKeyFile(path: string): Promise<Texts> {
  try {
    await linkFreshKey(path);
  } catch (error) {
    throw new Error(`the key file ${resolve(path)} cannot be made`, { cause: error });
  }
  const keys = await readKeyFile(path);
  if (keys === undefined) throw new KeyError(`the key file ${path} was deleted just now`);
  return keys;
}

/**
 * Written in full under another name and only then linked, so that nobody ever
 * reads half a key; whoever comes second leaves the first, and all get the same.
 */
async function linkFreshKey(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}-${randomBytes(6).toString("hex")}`;
  try {
    await writePrivately(draft, [newKeyText()]);
    await link(draft, path);
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/**
 * Puts other keys in the place of those in the file, all at once, with the owner and mode it has.
 * @throws KeyError when somebody else is at it
 */
export async function replaceKeyFile(path: string, keys: readonly string[]): Promise<void> {
  const draft = `${path}.new`;
  const { uid, gid, mode } = await stat(path);
  try {
    await writePrivately(draft, keys, mode & 0o770);
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
    throw new KeyError(`somebody else is changing the keys; if nobody is, delete ${draft}`);
  }
  if (process.getuid?.() === 0) await chown(draft, uid, gid); // the server's own account goes on reading it
  await rename(draft, path);
}

async function writePrivately(path: string, keys: readonly string[], mode = 0o600): Promise<void> {
  const file = await open(path, "wx", mode);
  try {
    await file.writeFile(`${keys.join("\n")}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
