import { operations } from "./contenders/contender.ts";
import { type Results, summarise } from "./results.ts";

/**
 * A line for each figure two runs have in common: the ratio by CPU before, now, and by how much it changed.
 */
export function compare(before: Results, now: Results): string {
  const lines = now.contenders.flatMap(({ name, operations: measured }) => {
    const earlier = before.contenders.find((contender) => contender.name === name)?.operations;
    return operations.flatMap((operation) => {
      const [was, is] = [earlier?.[operation], measured[operation]];
      if (was === undefined || is === undefined) return [];
      const [old, fresh] = [summarise(was).cpuRatio.median, summarise(is).cpuRatio.median];
      const change = (fresh / old - 1) * 100;
      return `| ${name} | ${operation} | ${old.toFixed(2)} | ${fresh.toFixed(2)} | ${change < 0 ? "" : "+"}${change.toFixed(0)} % |`;
    });
  });
  const head = `| server | operation | ${before.date.slice(0, 16)} | now | change |\n|---|---|---:|---:|---:|`;
  return lines.length === 0 ? "Nothing in common with that run." : [head, ...lines].join("\n");
}
