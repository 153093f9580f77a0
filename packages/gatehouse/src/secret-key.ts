import { randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, stat, unlink } from "node:fs/promises";
import { dirname } from "node:path";

type Keys = readonly [Buffer, ...Buffer[]];

/**
 * The keys refresh tokens are made with: the configured ones, else the one in the key file beside the database, which is created when
 * missing. Of processes that start at once all get the same key. A database in memory gets a key as short-lived as itself.
 *
 * @param configured `SECRET_KEY`, newest first
 * @param databasePath the database file, or `:memory:`; `undefined` when the database is elsewhere: then the keys must be configured
 * @throws when the key file is damaged, or open to every account of this computer
 */
export async function loadSecretKeys(
  configured: Keys | undefined,
  databasePath: string | undefined,
): Promise<Keys> {
  if (configured !== undefined) return configured;
  if (databasePath === undefined) throw new Error("SECRET_KEY is needed with a database that others share");
  if (databasePath === ":memory:") return [randomBytes(32)];
  const path = `${databasePath}.key`;
  try {
    return [await readKey(path)];
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
  await createKey(path);
  return [await readKey(path)];
}

async function readKey(path: string): Promise<Buffer> {
  const key = Buffer.from(await readFile(path, "ascii"), "base64url");
  // Group access stays allowed: container platforms put it on every file of a volume.
  if (process.platform !== "win32" && ((await stat(path)).mode & 0o007) !== 0) {
    throw new Error(
      `the key file ${path} is open to every account of this computer; close it: chmod 600 ${path}`,
    );
  }
  if (key.length < 32) {
    throw new Error(
      `the key file ${path} is damaged; restore it, or delete it and everybody has to connect their clients again`,
    );
  }
  return key;
}

/** Written in full under another name and only then linked, so that nobody ever reads half a key; whoever comes second leaves the first. */
async function createKey(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}-${randomBytes(6).toString("hex")}`;
  const file = await open(draft, "wx", 0o600);
  try {
    await file.writeFile(`${randomBytes(32).toString("base64url")}\n`);
    await file.sync();
    await link(draft, path);
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  } finally {
    await file.close();
    await unlink(draft);
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
