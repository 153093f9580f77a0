import { readFile } from "node:fs/promises";
import ipaddr from "ipaddr.js";
import type { OpenStreams } from "./open-streams.ts";

/*
 * TCP's keep-alive asks for a silent peer, but only while nothing is on its way to it. With an event under
 * way Linux repeats that for a quarter of an hour, and node cannot tell it otherwise (TCP_USER_TIMEOUT). Its
 * table of connections says how often it has repeated, which a peer that reads slowly does not bring about:
 * that one acknowledges.
 */

/**
 * Without any answer so far: each waits twice as long as the one before, so that this is after a minute for
 * a near peer, and after four for a far one.
 */
const maxRepeats = 8;
const tables = ["/proc/net/tcp", "/proc/net/tcp6"];

/** The kernel's tables of connections (proc(5), `net/tcp`), as far as there are any. */
async function readTables(): Promise<string> {
  const texts = await Promise.all(tables.map((path) => readFile(path, "latin1").catch(() => "")));
  return texts.join("\n");
}

/** Ends the streams to computers that acknowledge nothing any more. Elsewhere than on Linux: does nothing. */
export async function endUnacknowledged(streams: OpenStreams, read = readTables): Promise<void> {
  if (streams.size === 0) return;
  const gone = unacknowledged(await read());
  if (gone.size === 0) return;
  for (const { call } of streams) {
    const { localPort, remotePort, remoteAddress } = call.request.socket;
    if (localPort === undefined || remotePort === undefined || remoteAddress === undefined) continue;
    if (gone.has(keyOf(localPort, remotePort, remoteAddress))) call.request.socket.destroy();
  }
}

function unacknowledged(table: string): Set<string> {
  const keys = new Set<string>();
  for (const line of table.split("\n")) {
    const [, local = "", remote = "", , , , repeats = ""] = line.trim().split(/\s+/);
    if (!(Number.parseInt(repeats, 16) >= maxRepeats)) continue;
    const [address = "", port = ""] = remote.split(":");
    const own = Number.parseInt(local.split(":")[1] ?? "", 16);
    keys.add(`${own} ${Number.parseInt(port, 16)} ${bytesOfHex(address)}`);
  }
  return keys;
}

function keyOf(localPort: number, remotePort: number, remoteAddress: string): string {
  const plain = remoteAddress.replace(/%.*$/, "");
  if (!ipaddr.isValid(plain)) return "";
  const address = ipaddr.parse(plain);
  const ipv4 =
    address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
  return `${localPort} ${remotePort} ${ipv4.toByteArray().join(".")}`;
}

/** Words of 32 bits as a computer with the low byte first has them in memory. */
function bytesOfHex(words: string): string {
  const bytes = (words.match(/.{8}/g) ?? []).flatMap((word) => [...Buffer.from(word, "hex")].reverse());
  const isMapped = bytes.length === 16 && bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255;
  return (isMapped ? bytes.slice(12) : bytes).join(".");
}
