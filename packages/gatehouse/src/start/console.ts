import type { HiddenRoutes } from "../http/route.ts";
import { consoleRoutes } from "../http/routes.ts";
import type { TraceRetention } from "../insight/trace/limits.ts";
import type { AuditRecord } from "../oauth/audit-record.ts";
import type { AboutProgram } from "../oauth/endpoints/console/console.ts";
import { endpointUrls } from "../oauth/messages/endpoint-urls.ts";
import type { Services } from "../oauth/services.ts";
import type { ConsolePages } from "../pages/console/render.ts";
import { programVersion } from "../shipped-files.ts";

/** The console's routes, and what its pages are rendered with. */
export interface StartedConsole {
  readonly hidden: HiddenRoutes;
  readonly pages: ConsolePages;
}

/** Loaded only where there are administrators. */
export async function startConsole(
  services: Services,
  traces: TraceRetention,
): Promise<StartedConsole | undefined> {
  if (services.admins === undefined) return undefined;
  const { createConsole } = await import("../oauth/endpoints/console/console.ts");
  const { createConsolePages } = await import("../pages/console/render.ts");
  const pages = createConsolePages(endpointUrls(services.settings.issuer).consolePath);
  const { meaningOf, meaningOfEvent } = await import("../insight/trace/meanings.ts");
  // What only says the name in other words says nothing.
  const explainEvent = (event: AuditRecord) => {
    const { means, mend } = meaningOfEvent(event);
    return mend === undefined ? undefined : { means, mend };
  };
  const { findAttempts } = await import("../insight/trace/attempts.ts");
  const { readSteps, readTimeline } = await import("../insight/trace/read.ts");
  const { clock, store } = services;
  const now = () => clock.now() * 1000;
  const registeredSince = () => now() - traces.ageMs;
  const about: AboutProgram = {
    version: programVersion(),
    explainStep: meaningOf,
    explainEvent,
    async listAttempts(query, page) {
      const about = { ...query, registeredSince: registeredSince(), now: now() };
      const { traces: flows, next } = await findAttempts(store, about, page);
      return { flows, next };
    },
    async readAttempt(reference) {
      const [found, timeline] = await Promise.all([
        readSteps(store, reference, registeredSince()),
        readTimeline(store, reference, now()),
      ]);
      return { ...found, conclusion: timeline?.conclusion };
    },
  };
  const console = createConsole(services, about);
  return { hidden: consoleRoutes(console, pages.stylesheet), pages };
}
