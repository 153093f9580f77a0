import { accessSync, constants } from "node:fs";
import { connect } from "node:net";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import type { HttpBackendSettings, ProtectedServer, StdioBackendSettings } from "./protected-server.ts";

/** Milliseconds. */
const patience = 1500;

/**
 * Why a server cannot be reached at the moment, in words; `undefined`: nothing speaks against it. Sends
 * nothing, and starts nothing.
 * @param searchPath the variable PATH, in which programs are looked for
 */
export async function whyUnreachable(
  { backend }: Pick<ProtectedServer, "backend">,
  searchPath: string,
): Promise<string | undefined> {
  return backend.kind === "http" ? whyNoConnection(backend) : whyNoProgram(backend, searchPath);
}

function whyNoConnection({ url, socketPath }: HttpBackendSettings): Promise<string | undefined> {
  const port = Number(url.port) || (url.protocol === "https:" ? 443 : 80);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const socket = connect(socketPath === undefined ? { host, port } : { path: socketPath });
  return new Promise((done) => {
    const end = (reason: string | undefined) => {
      socket.destroy();
      done(reason);
    };
    socket.setTimeout(patience, () => end("it does not answer"));
    socket.once("connect", () => end(undefined));
    socket.once("error", ({ code, message }: NodeJS.ErrnoException) => end(reasons[code ?? ""] ?? message));
  });
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ENOENT: "there is no such socket",
  ENOTFOUND: "its name is not known",
};

function whyNoProgram({ command: [program], folder = "." }: StdioBackendSettings, searchPath: string) {
  const isPath = isAbsolute(program) || /[\\/]/.test(program);
  const places = isPath
    ? [resolve(folder, program)]
    : searchPath.split(delimiter).map((at) => join(at, program));
  const endings = process.platform === "win32" ? ["", ".exe", ".cmd", ".bat"] : [""];
  const isThere = places.some((place) => endings.some((ending) => mayBeStarted(place + ending)));
  return isThere ? undefined : isPath ? "there is no such program" : "there is no such program in PATH";
}

function mayBeStarted(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // not there, or not for this account
  }
}
