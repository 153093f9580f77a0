const loopback = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * Makes the check that a request was meant for this door (W06): a page whose name is made to lead here names
 * its own. This computer's names are never such a page's. Ports do not count: proxies leave them out.
 */
export function createHostCheck(address: string): (host: string | undefined) => boolean {
  const { hostname } = new URL(address);
  return (host) => {
    if (host === undefined) return false;
    const name = host.replace(/:\d{1,5}$/, "");
    return name === hostname || loopback.has(name);
  };
}
