/* What to do about limits and about a database that cannot be used, by what the log says of them. */

/** @param reason of `store_unavailable`, or the kind of the error */
export function mendForOutage(reason: string): string {
  if (reason.startsWith("locked"))
    return "End the other process that holds it: a backup by hand, an open sqlite3. gatehouse doctor names it (db.write). No restart.";
  if (reason === "disk full" || reason === "full")
    return "Make room on the disk of the database: gatehouse doctor names the largest there. Nothing is lost, no restart.";
  return "Start the database server. If it runs, SQL_URL may name another one: correct it and restart this server. Once the database answers again no restart is needed.";
}

/** @param detail of `limit_reached` */
export function mendForLimit(detail: string): string {
  return detail.includes("TRUSTED_PROXIES")
    ? "Everybody behind the proxy counts as one address: set TRUSTED_PROXIES to the proxy's (loopback, where it runs on this computer), and restart this server."
    : "It passes by itself. If those are people who share one address, raise the limit's setting, or set TRUSTED_PROXIES where a proxy stands before this server, and restart it.";
}
