import type { AuthorizationServer } from "../oauth/authorization-server.ts";
import type { Console } from "../oauth/endpoints/console/console.ts";
import type { EndpointUrls } from "../oauth/messages/endpoint-urls.ts";
import type { Endpoint } from "../oauth/services.ts";
import type { HiddenRoutes, Route } from "./route.ts";

/**
 * Which path leads to which endpoint. Everything lives below the issuer's path, except the well-known
 * document, whose place RFC 8414 §3.1 fixes.
 * @param providers the names of the identity providers, each with a callback of its own
 */
export function serverRoutes(
  urls: EndpointUrls,
  server: AuthorizationServer,
  providers: readonly string[],
): Route[] {
  const below = (path: string) => urls.basePath + path;
  const program = { audience: "program", cors: true } as const;
  const person = { audience: "person" } as const;
  const routes: Route[] = [
    { path: urls.metadataPath, get: server.metadata, head: true, namesIssuer: true, ...program },
    { path: below("/token"), post: server.token, limit: "token", ...program },
    { path: below("/introspect"), post: server.introspect, ...program },
    {
      path: below("/revoke"),
      post: server.revoke,
      get: server.revokeAndRedirect,
      limit: "revoke",
      ...program,
    },
    { path: below("/register"), post: server.register, limit: "register", ...program },
    {
      path: urls.registrationPath,
      get: server.readClient,
      put: server.updateClient,
      delete: server.deleteClient,
      limit: "register",
      ...program,
    },
    { path: below("/"), get: server.root, limit: "authorize", tellsThisComputer: true, ...person },
    { path: below("/authorize"), get: server.authorize, limit: "authorize", ...person },
    ...providers.map((name) => ({
      path: urls.callbackPathOf(name),
      get: server.callback(name),
      limit: "authorize" as const,
      tellsThisComputer: true,
      ...person,
    })),
    { path: urls.signInPath, get: server.choosePage, post: server.choose, limit: "sign-in", ...person },
    { path: urls.homeSignInPath, get: server.homeSignIn, limit: "sign-in", ...person },
    {
      path: urls.consentPath,
      get: server.consentPage,
      post: server.consentDecision,
      limit: "sign-in",
      ...person,
    },
    { path: urls.signOutPath, post: server.signOut, limit: "sign-in", ...person },
    { path: urls.appsPath, post: server.connectedApps, limit: "sign-in", ...person },
    ...providers.map((name) => ({
      path: urls.backchannelLogoutPathOf(name),
      post: server.backchannelLogout(name),
      limit: "token" as const,
      audience: "program" as const,
    })),
    { path: below("/healthz"), get: server.health, head: true, audience: "program" },
    {
      path: below("/readyz"),
      get: server.readiness,
      head: true,
      audience: "program",
      tellsThisComputer: true,
    },
  ];
  if (urls.basePath === "") return routes;
  // A17: clients without discovery look at the root, whatever the issuer's path; and so do probes, which
  // bypass the proxy.
  const atRoot = routes.filter(({ path }) =>
    ["/authorize", "/token", "/register", "/healthz", "/readyz"].some((name) => path === below(name)),
  );
  return [
    ...routes,
    // The issuer as it is written, without a slash.
    { path: urls.basePath, get: server.root, limit: "authorize", tellsThisComputer: true, ...person },
    ...atRoot.map((route) => ({ ...route, path: route.path.slice(urls.basePath.length) })),
  ];
}

/**
 * The development sign-in page, only while that is the identity provider: it believes everybody, so it is for
 * this computer alone.
 */
export function developmentRoute(path: string, endpoint: Endpoint): Route {
  return {
    path,
    get: endpoint,
    post: endpoint,
    audience: "person",
    limit: "sign-in",
    thisComputerOnly: true,
  };
}

/** A file of the pages. */
interface ServedFile {
  readonly path: string;
  readonly body: string | Uint8Array<ArrayBuffer>;
  readonly type: string;
}

/**
 * A file of the pages: its name changes with its content, so it may be kept for ever. A picture that is asked
 * for by itself is a document of its own, in which an SVG's script would run: so it has neither scripts nor
 * this origin, and loads nothing.
 * @param kept by whom: what only some may see is for their own browsers, and no cache in between
 */
export function assetRoute({ path, body, type }: ServedFile, kept: "public" | "private" = "public"): Route {
  const response = {
    status: 200,
    headers: {
      "Content-Type": type.startsWith("text/") ? `${type}; charset=utf-8` : type,
      "Cache-Control": `${kept}, max-age=31536000, immutable`,
      ...(type.startsWith("image/") && {
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        "Cross-Origin-Resource-Policy": "same-origin",
      }),
    },
    ...(typeof body === "string" ? { body } : { bytes: body }),
  };
  return { path, get: async () => response, head: true, audience: "program" };
}

/** The console, with its stylesheet: to whoever is no administrator their paths are unknown ones. */
export function consoleRoutes(console: Console, stylesheet: ServedFile): HiddenRoutes {
  const style = assetRoute(stylesheet, "private");
  return {
    paths: [...console.paths, style.path],
    concerns: console.concerns,
    async admit(request) {
      const find = await console.admit(request);
      return (
        find &&
        ((path) => {
          if (path === style.path) return style;
          const page = find(path);
          return page && { path, ...page, audience: "person", limit: "sign-in" };
        })
      );
    },
  };
}

/** A page of the passkey sign-in. @param path below the issuer */
export function passkeyRoute(
  urls: EndpointUrls,
  { path, endpoint, head = false }: { path: string; endpoint: Endpoint; head?: boolean },
): Route {
  return {
    path: urls.basePath + path,
    get: endpoint,
    post: endpoint,
    head,
    audience: "person",
    limit: "sign-in",
  };
}
