import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { npmMeanwhile } from "../npm.ts";
import { type Packed, packAll } from "../pack.ts";
import { startRegistry } from "./registry.ts";

/** A computer on which nothing of ours is installed, and a registry that has what we packed. */
export interface EmptyFolders {
  readonly packed: Packed;
  /**
   * The environment of somebody who has npm, and no settings. Home and temporary folder are the empty `home`
   * and `tmp`.
   */
  readonly environment: NodeJS.ProcessEnv;
  /** Path of a folder with nothing in it, made on the first call. */
  folder(name: string): string;
  /** `npm install` of one of our packages by its name, into the folder of that name. */
  install(name: string, folder: string): Promise<string>;
  close(): void;
}

export async function emptyFolders(): Promise<EmptyFolders> {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "packed-")));
  const folder = (name: string) => {
    mkdirSync(join(base, name), { recursive: true });
    return join(base, name);
  };
  const builds = { kit: join(base, "build-of-kit"), server: join(base, "build-of-server") };
  const packed = packAll(folder("tarballs"), builds);
  const registry = await startRegistry(packed);
  const environment = {
    // The Node that runs the test first, whichever npm itself belongs to.
    PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
    HOME: folder("home"),
    USERPROFILE: folder("home"),
    TMPDIR: folder("tmp"),
    npm_config_registry: registry.url,
    npm_config_cache: folder("npm-cache"),
    npm_config_audit: "false",
    npm_config_fund: "false",
    npm_config_update_notifier: "false",
  };
  return {
    packed,
    environment,
    folder,
    async install(name, target) {
      // Below the home folder there is no package.json that npm could take for the project's.
      const cwd = folder(target);
      await npmMeanwhile(["install", "--ignore-scripts", "--prefix", cwd, name], { cwd, env: environment });
      return cwd;
    },
    close() {
      registry.close();
      rmSync(base, { recursive: true, force: true });
    },
  };
}
