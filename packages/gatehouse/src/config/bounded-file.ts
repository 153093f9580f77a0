import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";

/** What a file holds, or in words why it cannot be had; of the content the words say nothing. */
export type FileContent = { readonly bytes: Buffer } | { readonly problem: string };

export const emptyFile = "which is empty";
export const noSuchFile = "which does not exist";

/**
 * Reads a small file that an operator named. Looked at once it is open, so that nothing can change between
 * check and read; never waits for a pipe, and never reads a device to its end.
 */
export function readBoundedFile(path: string, maxBytes: number): FileContent {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    return { problem: openProblem((error as NodeJS.ErrnoException).code) };
  }
  try {
    const stat = fstatSync(file);
    if (stat.isDirectory()) return { problem: "which is a folder" };
    if (!stat.isFile()) return { problem: "which is not a file" };
    // Also what makes its text only when it is read, such as /proc/self/environ.
    if (stat.size === 0) return { problem: emptyFile };
    if (process.platform !== "win32" && (stat.mode & 0o002) !== 0) {
      return { problem: "which everybody may write" };
    }
    const bytes = Buffer.alloc(Math.min(stat.size, maxBytes) + 1);
    const length = readSync(file, bytes);
    if (length > maxBytes) return { problem: `which has more than ${maxBytes} bytes` };
    return { bytes: bytes.subarray(0, length) };
  } catch (error) {
    return { problem: `which cannot be read (${(error as NodeJS.ErrnoException).code})` };
  } finally {
    closeSync(file);
  }
}

function openProblem(code: string | undefined): string {
  if (code === "ENOENT") return noSuchFile;
  if (code === "EACCES" || code === "EPERM") return "which this account may not read";
  return `which cannot be read (${code})`;
}

const maxSecretBytes = 64 * 1024;

/** The secret in a file: its characters, but for one line break at the end. */
export function readSecretFile(path: string): { readonly text: string } | { readonly problem: string } {
  const content = readBoundedFile(path, maxSecretBytes);
  if ("problem" in content) return content;
  const text = content.bytes.toString("utf8").replace(/\r?\n$/, "");
  return text.trim() === "" ? { problem: emptyFile } : { text };
}
