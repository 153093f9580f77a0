import type { HiddenRoutes } from "../http/route.ts";
import { consoleRoutes } from "../http/routes.ts";
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
export async function startConsole(services: Services): Promise<StartedConsole | undefined> {
  if (services.admins === undefined) return undefined;
  const { createConsole } = await import("../oauth/endpoints/console/console.ts");
  const { createConsolePages } = await import("../pages/console/render.ts");
  const pages = createConsolePages(endpointUrls(services.settings.issuer).consolePath);
  const { meaningOf, meaningOfEvent } = await import("../insight/trace/meanings.ts");
  // What only says the name in other words says nothing.
  const explainEvent = (name: string) => {
    const { means, mend } = meaningOfEvent(name);
    return mend === undefined ? undefined : { means, mend };
  };
  const about = { version: programVersion(), explainStep: meaningOf, explainEvent };
  const console = createConsole(services, about);
  return { hidden: consoleRoutes(console, pages.stylesheet), pages };
}
