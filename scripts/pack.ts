/**
 * `npm run pack [-- <folder>]`: builds both packages and packs what was built, into `dist/` of the repository
 * when no folder is named. Prints the paths of the tarballs. These are what is published, and what the tests
 * install.
 */
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { buildKit, buildServer, kitBuild, serverBuild } from "./build.ts";
import { npm } from "./npm.ts";

export interface Packed {
  readonly server: string;
  readonly kit: string;
}

/** @param builds where the packages are built first: by default where `npm run build` does */
export function packAll(folder: string, builds = { kit: kitBuild, server: serverBuild }): Packed {
  mkdirSync(folder, { recursive: true });
  buildKit(builds.kit);
  buildServer(builds.server);
  return { kit: pack(builds.kit, folder), server: pack(builds.server, folder) };
}

/** @returns the path of the tarball */
function pack(source: string, folder: string): string {
  const answer = npm(["pack", "--json", "--pack-destination", folder], { cwd: source });
  const [packed] = JSON.parse(answer) as { filename: string }[];
  if (packed === undefined) throw new Error(`npm pack named no file: ${answer}`);
  return join(folder, packed.filename);
}

if (import.meta.main) {
  const { kit, server } = packAll(resolve(process.argv[2] ?? join(import.meta.dirname, "../dist")));
  console.log(`${kit}\n${server}`);
}
