/**
 * Where everything lives, below the issuer. RFC 8414 §3.1 for the well-known form of an issuer with a path.
 */
export interface EndpointUrls {
  /** The issuer's path without trailing slash; empty for an issuer without path. */
  readonly basePath: string;
  readonly origin: string;
  readonly metadataPath: string;
  readonly callback: string;
  readonly callbackPath: string;
  /** Path of the consent page. */
  readonly consentPath: string;
  readonly signOutPath: string;
  /** Where clients manage their registrations (RFC 7592). */
  readonly registrationUrl: string;
  readonly registrationPath: string;
}

export function endpointUrls(issuer: string): EndpointUrls {
  const { origin, pathname } = new URL(issuer);
  const basePath = pathname === "/" ? "" : pathname;
  return {
    basePath,
    origin,
    metadataPath: `/.well-known/oauth-authorization-server${basePath}`,
    callback: `${issuer}/callback`,
    callbackPath: `${basePath}/callback`,
    consentPath: `${basePath}/consent`,
    signOutPath: `${basePath}/sign-out`,
    registrationUrl: `${issuer}/register/client`,
    registrationPath: `${basePath}/register/client`,
  };
}
