import { hash } from "node:crypto";

const names = new Map<string, string>();

/** What a door is called in `Via`: the same in every process and after a restart, and no other's. */
export function doorName(address: string): string {
  const known = names.get(address);
  if (known !== undefined) return known;
  const name = `gatehouse-${hash("sha256", address).slice(0, 12)}`;
  names.set(address, name);
  return name;
}

/** Whether a request has been at this door before (RFC 9110 §7.6.3): doors that lead to each other. */
export function passedDoors(rawHeaders: readonly string[], address: string): boolean {
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? "";
    if (name.length === 3 && name.toLowerCase() === "via" && rawHeaders[at + 1]?.includes(doorName(address)))
      return true;
  }
  return false;
}
