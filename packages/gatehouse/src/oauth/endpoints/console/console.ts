import type { AuditRecord } from "../../audit-record.ts";
import { isAdministrator } from "../../authorization/administrator.ts";
import { presenceOf } from "../../authorization/presence.ts";
import { hasSession, type LiveSession, readSession } from "../../authorization/session.ts";
import type { Explained } from "../../messages/console-page.ts";
import { endpointUrls } from "../../messages/endpoint-urls.ts";
import type { OAuthRequest } from "../../messages/request.ts";
import type { Endpoint, Services } from "../../services.ts";
import { StoreUnavailableError } from "../../store.ts";
import type { TraceStep } from "../../trace-step.ts";
import { answersPage } from "../error-response.ts";
import { access, type TestsAccess } from "./access.ts";
import { askAgain, toLook } from "./again.ts";
import type { ConsoleHandler, ConsolePath } from "./asked.ts";
import { audit } from "./audit.ts";
import { client } from "./client.ts";
import { clients, newClient } from "./clients.ts";
import { flow, flows, type ReadsAttempts } from "./flows.ts";
import { grant, grants } from "./grants.ts";
import { type Invites, invitations, newInvitation } from "./invitations.ts";
import { overview } from "./overview.ts";
import { people } from "./people.ts";
import { person } from "./person.ts";
import { recordRefusal } from "./refused.ts";
import { server } from "./server.ts";
import { newServer, servers } from "./servers.ts";

/** The console, for whoever is an administrator at that moment. */
export interface Console {
  /** The paths of its pages. */
  readonly paths: readonly string[];
  /** Whether these cookies are of somebody who signed in. */
  concerns(cookies: OAuthRequest["cookies"]): boolean;
  /**
   * Looks, in the same way whatever is asked for, whether an administrator asks: by the account as it is
   * stored now (Z30). Gives what finds the page at a path, or nothing.
   */
  admit(
    request: Pick<OAuthRequest, "cookies" | "thisComputer">,
  ): Promise<((path: string) => ConsoleEndpoints | undefined) | undefined>;
}

export interface ConsoleEndpoints {
  readonly get: Endpoint;
  readonly post?: Endpoint;
}

/** What the console tells of the program, of its configuration, and of what it writes down. */
export interface AboutProgram extends ReadsAttempts, TestsAccess {
  readonly version: string;
  /** `undefined`: there are no accounts of this server. */
  readonly invites: Invites | undefined;
  /** What a step of an attempt means, in one sentence, and what to do where something failed; in English. */
  readonly explainStep: (step: TraceStep) => Explained;
  /** The same of an event, if there is anything to say. */
  readonly explainEvent: (event: AuditRecord) => Explained | undefined;
}

export function createConsole(services: Services, about: AboutProgram): Console {
  const { consolePath } = endpointUrls(services.settings.issuer);
  const { invites } = about;
  const pages: Readonly<Record<string, ConsolePath>> = {
    "": { get: overview(about) },
    "/people": people(invites !== undefined),
    "/person": person,
    ...(invites && { "/invitations": invitations, "/invitations/new": newInvitation(invites) }),
    "/grants": grants,
    "/grant": grant,
    "/servers": servers,
    "/servers/new": newServer,
    "/server": server,
    "/clients": clients,
    "/clients/new": newClient,
    "/client": client,
    "/access": access(about),
    "/flows": flows(about),
    "/flow": flow(about),
    "/audit": audit,
  };
  const byPath = new Map(Object.entries(pages).map(([path, page]) => [consolePath + path, page]));

  /** Every page wants a sign-in of the last quarter of an hour (Z31). */
  const endpoint = (handler: ConsoleHandler, session: LiveSession, path: string): Endpoint =>
    answersPage(services, async (request) => {
      const presence = presenceOf(services, request, session);
      const asked = { services, request, session, presence, path };
      return (await askAgain(asked, toLook)) ?? handler(asked);
    });

  const changing =
    (handler: ConsoleHandler): ConsoleHandler =>
    async (asked) => {
      const answer = await handler(asked);
      await recordRefusal(asked, answer);
      return answer;
    };

  async function findAdministrator(
    request: Pick<OAuthRequest, "cookies" | "thisComputer">,
  ): Promise<LiveSession | undefined> {
    try {
      const session = await readSession(services, request);
      return session !== undefined && isAdministrator(services, request, session) ? session : undefined;
    } catch (error) {
      if (error instanceof StoreUnavailableError) return undefined; // who that is cannot be told now
      throw error;
    }
  }

  return {
    paths: [...byPath.keys()],
    concerns: hasSession,
    async admit(request) {
      const session = await findAdministrator(request);
      if (session === undefined) return undefined;
      return (path) => {
        const page = byPath.get(path);
        if (page === undefined) return undefined;
        const { get, post } = page;
        return {
          get: endpoint(get, session, path),
          ...(post && { post: endpoint(changing(post), session, path) }),
        };
      };
    },
  };
}
