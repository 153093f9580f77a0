import type { TestGatehouse } from "./gatehouse.ts";

/** The audit events of this name logged so far, newest last. */
export function eventsOf(server: TestGatehouse, name: string): Record<string, string>[] {
  return server.log
    .map((line) => JSON.parse(line) as Record<string, string>)
    .filter(({ event }) => event === name);
}
