import { defaultProvider } from "../ports.ts";

/**
 * Where everything lives, below the issuer. RFC 8414 §3.1 for the well-known form of an issuer with a path.
 */
export interface EndpointUrls {
  /** The issuer's path without trailing slash; empty for an issuer without path. */
  readonly basePath: string;
  readonly origin: string;
  readonly metadataPath: string;
  /** Where a provider sends the browser back to: each has its own, so that answers cannot be mixed up. */
  callbackOf(provider: string): string;
  /** Its path. */
  callbackPathOf(provider: string): string;
  /** The path at which a provider tells that somebody signed out there. */
  backchannelLogoutPathOf(provider: string): string;
  /** Path of the page on which a person chooses where to sign in. */
  readonly signInPath: string;
  /** Path at which a person signs in without an app. */
  readonly homeSignInPath: string;
  /** Path of the console, below which all of its pages are. */
  readonly consolePath: string;
  /** Path of the consent page. */
  readonly consentPath: string;
  readonly signOutPath: string;
  /** Where a person ends what apps may do for them. */
  readonly appsPath: string;
  /** Of {@link registrationUrlOf}. */
  readonly registrationPath: string;
}

export function endpointUrls(issuer: string): EndpointUrls {
  const { origin, pathname } = new URL(issuer);
  const basePath = pathname === "/" ? "" : pathname;
  const callbackBelow = (name: string) => (name === defaultProvider ? "/callback" : `/callback/${name}`);
  return {
    basePath,
    origin,
    metadataPath: `/.well-known/oauth-authorization-server${basePath}`,
    callbackOf: (provider) => issuer + callbackBelow(provider),
    callbackPathOf: (provider) => basePath + callbackBelow(provider),
    backchannelLogoutPathOf: (provider) => `${basePath}/backchannel-logout/${provider}`,
    signInPath: `${basePath}/sign-in`,
    homeSignInPath: `${basePath}/sign-in/home`,
    consolePath: `${basePath}/console`,
    consentPath: `${basePath}/consent`,
    signOutPath: `${basePath}/sign-out`,
    appsPath: `${basePath}/apps`,
    registrationPath: `${basePath}/register/client`,
  };
}

/** Where clients manage their registrations (RFC 7592). */
export const registrationUrlOf = (issuer: string): string => `${issuer}/register/client`;
