import type { Operation } from "./contenders/contender.ts";
import { type Results, summarise } from "./results.ts";

const shown: readonly (readonly [Operation, string])[] = [
  ["introspect", "introspection"],
  ["refresh", "refresh"],
  ["code", "code exchange"],
  ["register", "registration"],
];
const width = 720;
const left = 170;
const full = 430;
const bar = 14;

/**
 * A bar for each server and operation, as long as its ratio by CPU: the whole width is bare `node:http`.
 * Drawn in colours that hold on a light and on a dark page.
 */
export function chart({ contenders, settings }: Results): string {
  let y = 58;
  const parts: string[] = [];
  for (const [operation, title] of shown) {
    parts.push(text(16, y + 12, title, "bold"));
    y += 20;
    for (const { name, operations } of contenders) {
      const found = operations[operation];
      if (found === undefined || name === "node:http") continue;
      const { cpuRatio, rate } = summarise(found);
      const length = Math.max(1, cpuRatio.median * full);
      const label = `${cpuRatio.median.toFixed(cpuRatio.median < 0.1 ? 3 : 2)} · ${thousands(rate.median)}/s`;
      parts.push(
        text(left - 8, y + 11, name, "normal", "end"),
        `<rect x="${left}" y="${y}" width="${length.toFixed(1)}" height="${bar}" rx="2" fill="${name.startsWith("gatehouse") ? "#2f81f7" : "#8b949e"}"/>`,
        text(left + length + 6, y + 11, label),
      );
      y += bar + 5;
    }
    y += 10;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y + 6}" width="${width}" height="${y + 6}" font-family="system-ui, sans-serif" font-size="12" fill="#7d8590" role="img" aria-label="CPU ratio to bare node:http, by operation and server">
${text(16, 20, "How close to bare node:http (1.00), by server CPU time a request; longer is better", "bold")}
${text(16, 37, `One core, ${settings.lanes} requests at once, ${settings.tokens.toLocaleString("en")} live tokens; behind it the requests a second`)}
<line x1="${left + full}" y1="50" x2="${left + full}" y2="${y - 8}" stroke="#7d8590" stroke-dasharray="3 3"/>
${parts.join("\n")}
</svg>
`;
}

function text(x: number, y: number, content: string, weight = "normal", anchor = "start"): string {
  return `<text x="${x.toFixed(1)}" y="${y}" font-weight="${weight}" text-anchor="${anchor}">${content}</text>`;
}

function thousands(rate: number): string {
  return rate < 1000 ? `${Math.round(rate)}` : `${(rate / 1000).toFixed(1)}k`;
}
