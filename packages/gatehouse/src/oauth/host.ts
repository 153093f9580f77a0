/*
 * Hosts, written one way: lower case, IDN in its ASCII form, without the dot that may end a fully qualified
 * name. Wherever two hosts are compared, both have been through here; otherwise a list is passed by another
 * spelling of a name on it.
 */

/** The host of a URL in that form, without port; an IPv6 address in brackets. */
export function hostOf(url: string | URL): string {
  return withoutFinalDot((typeof url === "string" ? new URL(url) : url).hostname);
}

/** A host name by itself (`Example.com.`, `bücher.example`) in that form; `undefined` for what is none. */
export function canonicalHost(name: string): string | undefined {
  // Whatever a URL would take for something else than its host.
  if (name === "" || /[\s:/?#@\\[\]%]/.test(name) || !URL.canParse(`https://${name}`)) return undefined;
  return hostOf(`https://${name}`) || undefined;
}

/** Whether the host is the domain or one of its subdomains; both in the form of this file. */
export function isWithinDomain(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`);
}

/** Whether a host, in the form of this file, is an address and no name. */
export function isIpLiteral(host: string): boolean {
  return host.startsWith("[") || /^\d+(?:\.\d+){3}$/.test(host);
}

/**
 * Whether a URL names this very computer. A name with a final dot does not: it is nobody's habit, and some
 * resolvers look it up outside.
 */
export function isLoopbackUrl({ hostname }: URL): boolean {
  return ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
}

function withoutFinalDot(hostname: string): string {
  return hostname.replace(/\.+$/, "");
}
