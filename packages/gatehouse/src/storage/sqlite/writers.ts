import { readFileSync, statSync } from "node:fs";

/** The byte of the `-shm` file that whoever writes has locked (SQLite's file format, WAL-index locks). */
const writeLockByte = 120;
const maxLength = 80;

/**
 * Other processes that are writing to a database, as far as Linux tells: number, program and its first
 * argument. Empty on other systems, and where they run in another container.
 */
export function findSqliteWriters(path: string): readonly string[] {
  const inode = statSync(`${path}-shm`, { throwIfNoEntry: false })?.ino;
  const locks = read("/proc/locks");
  const pids = locks.split("\n").flatMap((line) => {
    const [, , , kind, pid = "", file = "", start, end] = line.split(/\s+/);
    const isIt =
      kind === "WRITE" &&
      Number(file.split(":")[2]) === inode &&
      Number(start) <= writeLockByte &&
      (end === "EOF" || Number(end) >= writeLockByte);
    return isIt && Number(pid) > 0 && Number(pid) !== process.pid ? [pid] : [];
  });
  return [...new Set(pids)].map(describe);
}

/** More arguments than the first could be secrets. */
function describe(pid: string): string {
  const command = read(`/proc/${pid}/cmdline`);
  const [program = "", argument = ""] = command.split("\0");
  const name = `${program.replace(/^.*\//, "")} ${argument}`.trim().slice(0, maxLength);
  return name === "" ? pid : `${pid} (${name})`;
}

/** What the system tells; empty where it does not. */
function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
