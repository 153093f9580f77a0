import type { Backend } from "../call.ts";
import type { ProtectedServer, StdioBackendSettings } from "../protected-server.ts";
import { type ChildrenServices, createChildren } from "./children.ts";
import { createLegacyCalls } from "./legacy-calls.ts";
import { createModernCalls } from "./modern-calls.ts";
import { createOutputLog } from "./output-log.ts";
import { systemTimers } from "./timers.ts";

/**
 * An MCP server that is a command: answers as its server over Streamable HTTP would, in both eras.
 * @param server whose backend is this one
 */
export function createStdioBackend(
  server: Pick<ProtectedServer, "name" | "identityHeaders" | "maxCallSeconds">,
  settings: StdioBackendSettings,
  { log, timers = systemTimers }: Pick<ChildrenServices, "log"> & Partial<Pick<ChildrenServices, "timers">>,
): Backend {
  const note = createOutputLog(server.name, log, timers);
  const children = createChildren(server, settings, { log, timers, note });
  const { per, idleSeconds } = settings;
  const modern = createModernCalls(per, children, timers);
  const legacy = createLegacyCalls(per, idleSeconds * 1000, children, timers);
  return {
    send: (call, fields) => (call.asked.era === "modern" ? modern(call, fields) : legacy(call, fields)),
    children: () => children.count(),
    close: () => children.close(),
  };
}
