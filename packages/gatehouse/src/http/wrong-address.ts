import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";

/** By which address somebody came who asked for what is nowhere, and the one that is ours. */
export interface WrongAddress {
  readonly ours: string;
  readonly theirs: string;
}

/**
 * Tells of a request that leads nowhere whether that is because host or path differ from `BASE_URL`: a proxy
 * hands on a prefix that we do not have or keeps one that we do, or a person came by another name. What an
 * address alone says is not believed of a program: those try many places, and proxies call us what they like.
 * @param paths where something is, issuer's path included
 */
export function createAddressCheck(
  issuer: string,
  paths: ReadonlySet<string>,
): (request: IncomingMessage, path: string, isThroughProxy: boolean) => WrongAddress | undefined {
  const url = new URL(issuer);
  const base = url.pathname.replace(/\/$/, "");
  return (request, path, isThroughProxy) => {
    const host = hostOf(request, isThroughProxy) ?? url.host;
    const prefix = prefixOf(path, base, paths);
    const differs = prefix === undefined ? isNameOfAnother(host, url.host) && isPerson(request) : true;
    return differs ? { ours: issuer, theirs: `${url.protocol}//${host}${prefix ?? ""}` } : undefined;
  };
}

/**
 * Tells, once, that a proxy was asked for the issuer's document at another host: clients compare the two, and
 * go no further. For requests of a proxy that is believed.
 */
export function createHostCheck(
  issuer: string,
  tell: (address: WrongAddress) => void = () => {},
): (request: IncomingMessage) => void {
  const url = new URL(issuer);
  let told = false;
  return (request) => {
    if (told || request.headers["x-forwarded-host"] === undefined) return;
    const host = hostOf(request, true) ?? url.host;
    if (host === url.host) return;
    told = true;
    tell({ ours: issuer, theirs: `${url.protocol}//${host}` });
  };
}

/** What stands before a path of ours in place of the issuer's path; `undefined`: it is no path of ours. */
function prefixOf(path: string, base: string, paths: ReadonlySet<string>): string | undefined {
  if (base !== "" && path !== "/" && paths.has(base + path)) return "";
  let at = path.indexOf("/", 1);
  for (let segments = 0; at !== -1 && segments < 4; segments++) {
    if (at < path.length - 1 && paths.has(base + path.slice(at))) return path.slice(0, at);
    at = path.indexOf("/", at + 1);
  }
  return undefined;
}

/** As the browser wrote it; a stranger may have, so only what can be a host. */
function hostOf({ headers }: IncomingMessage, isThroughProxy: boolean): string | undefined {
  const forwarded = isThroughProxy ? headers["x-forwarded-host"] : undefined;
  const host =
    String(forwarded ?? headers.host ?? "")
      .split(",")[0]
      ?.trim()
      .toLowerCase() ?? "";
  return /^(?:[a-z\d.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/.test(host) && host.length < 260 ? host : undefined;
}

/** A name in public use; probes come by numbers, and proxies by short names. */
function isNameOfAnother(host: string, ours: string): boolean {
  const name = host.replace(/:\d+$/, "");
  return host !== ours && name.includes(".") && !name.startsWith("[") && isIP(name) === 0;
}

const isPerson = ({ method, headers }: IncomingMessage) =>
  method === "GET" && (headers.accept?.includes("text/html") ?? false);
