import { chmodSync, closeSync, existsSync, mkdirSync, openSync, statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { StoreUnavailableError } from "../../oauth/store.ts";
import type { OnNotice } from "../notice.ts";

/**
 * Makes the database file if there is none. It, its folder and its journals are the owner's alone.
 * @throws node's own error when it cannot be made; an `Error` when something else than a file stands there
 */
export function createPrivateFile(path: string): void {
  createFolder(dirname(path));
  const found = statSync(path, { throwIfNoEntry: false });
  // A pipe would be waited for without end.
  if (found !== undefined && !found.isFile()) throw new Error(`${path} is not a file`);
  // One that is there is not opened here: to close it would drop the locks this process has on it.
  if (found === undefined) closeSync(openSync(path, "a", 0o600));
  if (process.platform !== "win32") chmodSync(path, 0o600);
}

const descriptors = new Map<string, number>();

/**
 * A descriptor of a database file that this process has open. It is never closed: to close it would drop the
 * locks this process has on the file (POSIX).
 * @throws node's own error when the file cannot be opened
 */
export function keptDescriptor(path: string): number {
  const identity = fileIdentity(path) ?? path;
  const known = descriptors.get(identity);
  if (known !== undefined) return known;
  const opened = openSync(path, "r+");
  descriptors.set(identity, opened);
  return opened;
}

/** @throws Error when there is no database file */
export function requireFile(path: string): void {
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) return;
  throw new Error(
    "it does not exist, and only gatehouse serve, dev and migrate make one; run this in the folder where the server runs, or name its database in SQL_URL",
  );
}

/** Step by step: where no folder can be made, such as below `/proc`, node's recursive way never ends. */
export function createFolder(folder: string): void {
  const parent = dirname(folder);
  if (parent === folder || existsSync(folder)) return;
  createFolder(parent);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (!existsSync(folder)) throw error; // another process was a moment earlier
  }
}

/**
 * So long look-ups may go on after the file was deleted: to ask at each would cost as much as the look-up.
 */
const recheckAfterMs = 1000;

/**
 * A database file that is open, with its write-ahead log. Deleted or replaced it goes on working for whoever
 * has it open, as a ghost: what is written into it nobody else will ever read.
 */
export class OpenedFile {
  readonly #path: string;
  readonly #onNotice: OnNotice | undefined;
  readonly #identities: readonly (readonly [path: string, identity: string | undefined])[];
  #isGhost = false;
  #lookedAt = 0;

  /** @param path of a file that this process has just opened */
  constructor(path: string, onNotice: OnNotice | undefined) {
    this.#path = path;
    this.#onNotice = onNotice;
    this.#identities = [path, `${path}-wal`].map((name) => [name, fileIdentity(name)] as const);
  }

  /**
   * @param when `now and then`: only if it was not looked at for a second, or was a ghost then
   * @throws StoreUnavailableError when what stands at the path is not the file that is open
   */
  refuseGhost(when?: "now and then"): void {
    const now = performance.now();
    if (when === "now and then" && !this.#isGhost && now - this.#lookedAt < recheckAfterMs) return;
    this.#lookedAt = now;
    const isGhost = this.#identities.some(([path, identity]) => fileIdentity(path) !== identity);
    if (isGhost !== this.#isGhost) this.#tell(isGhost);
    this.#isGhost = isGhost;
    if (isGhost)
      throw new StoreUnavailableError("the database file was deleted or replaced under the server");
  }

  #tell(isGhost: boolean): void {
    if (isGhost) {
      this.#onNotice?.(
        "error",
        `the database file ${this.#path}, or its -wal, was deleted or replaced while it is open: ` +
          "until it is put back or the server restarted, nothing is answered from it",
      );
    } else this.#onNotice?.("info", `the database file ${this.#path} is in its place again`);
  }
}

/**
 * Tells one file from another on this computer, whatever it is called. `undefined`: there is no such file, or
 * it cannot be looked at.
 */
export function fileIdentity(path: string): string | undefined {
  try {
    const found = statSync(path, { bigint: true, throwIfNoEntry: false });
    return found && `${found.dev} ${found.ino}`;
  } catch {
    return undefined; // a folder on its way is closed to us: whoever opens the path anew gets no further
  }
}

/** Bytes that may still be written where this file is; `undefined` where the file system does not say. */
export function freeBytes(path: string): number | undefined {
  const { blocks, bavail, bsize } = statfsSync(dirname(path));
  return blocks === 0 ? undefined : bavail * bsize;
}
