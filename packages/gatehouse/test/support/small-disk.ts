import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

export interface SmallDisk {
  readonly folder: string;
  /** Fills it to the last byte. @returns what makes room again */
  fill(): () => void;
}

/** A disk of so many megabytes, gone with the test; `undefined` where this account may not mount one. */
export function mountSmallDisk(t: TestContext, megabytes: number): SmallDisk | undefined {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-disk-"));
  const { status } = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "none", folder]);
  if (status !== 0) {
    rmdirSync(folder);
    return undefined;
  }
  t.after(() => {
    execFileSync("umount", ["-l", folder]);
    rmdirSync(folder);
  });
  return {
    folder,
    fill() {
      const filler = join(folder, "filler");
      try {
        writeFileSync(filler, Buffer.alloc((megabytes + 1) * 1024 * 1024));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOSPC") return () => rmSync(filler);
        throw error;
      }
      throw new Error(`there was room for more than ${megabytes} MB`);
    },
  };
}

export const noSmallDisk = "mounting a small disk needs rights that this account lacks";
