import assert from "node:assert/strict";
import type { TestGatehouse } from "../support/gatehouse.ts";

/** Where a server tells its metrics, by its log. */
export function metricsUrlOf(server: Pick<TestGatehouse, "log">): string {
  const line = server.log
    .map((text) => JSON.parse(text) as Record<string, string>)
    .find(({ msg }) => msg === "metrics");
  assert.ok(line?.address, "no line says where the metrics are");
  return line.address;
}

/** Every series of a scrape with its value. */
export function seriesOf(text: string): Map<string, number> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(" ");
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}
