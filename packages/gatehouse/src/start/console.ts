import type { Config } from "../config/config.ts";
import type { HiddenRoutes } from "../http/route.ts";
import { consoleRoutes } from "../http/routes.ts";
import type { AuditRecord } from "../oauth/audit-record.ts";
import type { AboutProgram } from "../oauth/endpoints/console/console.ts";
import { endpointUrls } from "../oauth/messages/endpoint-urls.ts";
import type { Services } from "../oauth/services.ts";
import type { ConsolePages } from "../pages/console/render.ts";
import { programVersion } from "../shipped-files.ts";
import { wantsPasskeys } from "./passkeys.ts";
import type { Reloadable } from "./reload.ts";

/** The console's routes, and what its pages are rendered with. */
export interface StartedConsole extends Reloadable {
  readonly hidden: HiddenRoutes;
  readonly pages: ConsolePages;
}

/** Loaded only where there are administrators. */
export async function startConsole(services: Services, config: Config): Promise<StartedConsole | undefined> {
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
  const registeredSince = () => now() - config.traces.ageMs;
  let current = config;
  const about: AboutProgram = {
    version: programVersion(),
    invites: wantsPasskeys(config) ? await loadInvites(services, () => current) : undefined,
    testAccess: await loadAccessTest(services, () => current),
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
  return {
    hidden: consoleRoutes(console, pages.stylesheet),
    pages,
    apply({ sections, providers, servers }) {
      current = { ...config, sections, providers, servers }; // its settings wait for the next start
    },
  };
}

/** As `gatehouse people invite` does it. @param config in force at that moment */
async function loadInvites(services: Services, config: () => Config): Promise<AboutProgram["invites"]> {
  const { findInvitable, invite, mailLanguages, NotMailedError } = await import("./invitations.ts");
  const { store } = services;
  return {
    languages: () => (config().mail === undefined ? undefined : mailLanguages),
    findInvitable: (email) => findInvitable(config(), store, email),
    async invite(about) {
      const language = mailLanguages.find((each) => each === about.language) ?? "en";
      try {
        const invited = await invite(config(), store, services, { ...about, language });
        if (!("refused" in invited)) return invited;
        if (invited.refused !== "held") return invited;
        const { provider, issuer } = invited.holder;
        return { refused: "held", why: `${provider} (${issuer})` };
      } catch (error) {
        if (!(error instanceof NotMailedError)) throw error;
        const why = error.cause instanceof Error ? error.cause.message : undefined;
        return { refused: "not_mailed", why };
      }
    },
  };
}

/** As `gatehouse access test` does it. @param config in force at that moment */
async function loadAccessTest(services: Services, config: () => Config): Promise<AboutProgram["testAccess"]> {
  const { NothingToTestError, testAccess } = await import("./access-test.ts");
  const { tellAccess } = await import("./access-words.ts");
  const { clock, store } = services;
  return async (about) => {
    try {
      return tellAccess(await testAccess(config(), store, clock.now(), about));
    } catch (error) {
      if (error instanceof NothingToTestError) return { nothing: error.message };
      throw error;
    }
  };
}
