import type { Finding } from "./check.ts";

/** A line each, and below it what mends it. */
export function findingsAsText(findings: readonly Finding[]): string {
  const width = Math.max(0, ...findings.map(({ id }) => id.length));
  const indent = " ".repeat(9 + width + 2);
  return findings
    .map(({ id, result, finding, mend }) => {
      const line = `${result.padEnd(9)}${id.padEnd(width)}  ${finding}`;
      return mend === undefined ? line : `${line}\n${indent}→ ${mend}`;
    })
    .join("\n");
}

export const hasFailed = (findings: readonly Finding[]) => findings.some(({ result }) => result === "fail");
