import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const root = "/sys/fs/cgroup";
const periodMicroseconds = 10_000;
const made: string[] = [];

/**
 * Grants a process so large a part of a CPU and no more, so that servers and load fit on a machine with few
 * of them. Needs Linux, control groups and root.
 * @param share 0 … 1
 */
export function limitCpu(pid: number, share: number): void {
  const second = existsSync(join(root, "cgroup.controllers"));
  const group = join(root, second ? "" : "cpu", `gatehouse-bench-${pid}`);
  mkdirSync(group);
  made.push(group);
  const quota = Math.round(periodMicroseconds * share);
  if (second) {
    writeFileSync(join(group, "cpu.max"), `${quota} ${periodMicroseconds}`);
  } else {
    writeFileSync(join(group, "cpu.cfs_period_us"), `${periodMicroseconds}`);
    writeFileSync(join(group, "cpu.cfs_quota_us"), `${quota}`);
  }
  writeFileSync(join(group, "cgroup.procs"), `${pid}`);
}

/** Removes what was made for processes that are gone, of which the kernel hears a moment later. */
export async function forgetLimits(): Promise<void> {
  for (const group of made.splice(0)) {
    for (let tries = 0; existsSync(group) && tries < 50; tries++) {
      try {
        rmdirSync(group);
      } catch {
        await pause(20); // a group that stays hurts nobody
      }
    }
  }
}
