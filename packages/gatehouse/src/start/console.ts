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
  const { readSteps } = await import("../insight/trace/read.ts");
  const { clock, store } = services;
  const registeredSince = () => clock.now() * 1000 - traces.ageMs;
  const about: AboutProgram = {
    version: programVersion(),
    explainStep: meaningOf,
    explainEvent,
    listAttempts: (query, page) =>
      findAttempts(store, { ...query, registeredSince: registeredSince() }, page),
    readAttempt: (reference) => readSteps(store, reference, registeredSince()),
  };
  const console = createConsole(services, about);
  return { hidden: consoleRoutes(console, pages.stylesheet), pages };
}
