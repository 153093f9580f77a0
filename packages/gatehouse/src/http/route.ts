import type { OAuthRequest } from "../oauth/messages/request.ts";
import type { Endpoint } from "../oauth/services.ts";

/** Which budget of the rate limits a route draws on. */
export type LimitName = (typeof limitNames)[number];

export const limitNames = ["authorize", "token", "register", "revoke", "sign-in"] as const;

/** One path of the server. */
export interface Route {
  readonly path: string;
  readonly get?: Endpoint;
  readonly post?: Endpoint;
  readonly put?: Endpoint;
  readonly delete?: Endpoint;
  /** True for documents that can be asked for by HEAD, because asking changes nothing. */
  readonly head?: boolean;
  /** `program`: errors are JSON. `person`: errors are pages. */
  readonly audience: "program" | "person";
  /** True when any origin may call: only for what carries no cookie (B19). */
  readonly cors?: boolean;
  readonly limit?: LimitName;
  /** True where the answer is fuller on this computer: see `this-computer.ts`. */
  readonly tellsThisComputer?: boolean;
  /** True for what no other computer may reach, nor anybody through a proxy: see `this-computer.ts`. */
  readonly thisComputerOnly?: boolean;
  /** True for the document that says what the issuer is called. */
  readonly namesIssuer?: boolean;
}

/**
 * Pages that there are for some people alone: to everybody else their paths are unknown ones. Asked of every
 * path that is no route, with the same work whatever the path is, so that no time tells one from another.
 */
export interface HiddenRoutes {
  /** The path of each, for what is counted. */
  readonly paths: readonly string[];
  /** Whether these cookies are of somebody whom there could be something for. Costs nothing. */
  concerns(cookies: OAuthRequest["cookies"]): boolean;
  /** What is there for whoever sent this; `undefined`: nothing. */
  admit(
    request: Pick<OAuthRequest, "cookies" | "thisComputer" | "id" | "address">,
  ): Promise<((path: string) => Route | undefined) | undefined>;
}

/** What answers a method here; undefined: nothing does. */
export function endpointOf(route: Route, method: string): Route["get"] {
  switch (method) {
    case "GET":
      return route.get;
    case "HEAD":
      return route.head === true ? route.get : undefined;
    case "POST":
      return route.post;
    case "PUT":
      return route.put;
    case "DELETE":
      return route.delete;
    default:
      return undefined;
  }
}

/** The methods of a route, as `Allow` lists them. */
export function allowedMethods(route: Route): string {
  const methods = [
    route.get && "GET",
    route.get && route.head && "HEAD",
    route.post && "POST",
    route.put && "PUT",
    route.delete && "DELETE",
  ];
  return methods.filter(Boolean).join(", ");
}
