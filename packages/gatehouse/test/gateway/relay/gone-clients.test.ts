import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { endUnacknowledged } from "../../../src/gateway/relay/gone-clients.ts";
import type { OpenStream } from "../../../src/gateway/relay/open-streams.ts";

interface Peer {
  readonly localPort: number;
  readonly remotePort: number;
  readonly remoteAddress: string;
}

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:1F90 0701A8C0:D431 01 000000B4:00000000 01:00000A5F 00000009     0        0 2 2 0 5000 0 0 1 10
   2: 0100007F:1F90 0801A8C0:D431 01 00000000:00000000 02:000003E8 00000000     0        0 3 2 0 20 4 0 10 -1
   3: 0100007F:1F90 0901A8C0:D431 01 00200000:00000000 04:00000A5F 00000000     0        9 4 2 0 20 4 0 10 -1
   0: 0000000000000000FFFF00000100007F:1F90 0000000000000000FFFF00000A01A8C0:D431 01 000000B4:00000000 01:00000A5F 0000000A     0        0 5
   1: 00000000000000000000000001000000:1F90 B80D0120000000000000000001000000:D431 01 000000B4:00000000 01:00000A5F 00000008     0        0 6
`;

/** @returns addresses of the streams that were ended */
async function ended(peers: readonly Peer[], read?: () => Promise<string>): Promise<string[]> {
  const gone: string[] = [];
  const streams = peers.map((peer) => {
    const socket = { ...peer, destroy: () => void gone.push(peer.remoteAddress) };
    return { call: { request: { socket } }, end: () => undefined } as unknown as OpenStream;
  });
  await endUnacknowledged(new Set(streams), read);
  return gone;
}

const peerOf = (remoteAddress: string, remotePort = 0xd431): Peer => ({
  localPort: 8080,
  remotePort,
  remoteAddress,
});

test("a stream ends whose computer has acknowledged nothing for long, and no other: not a silent and not a slow one", async () => {
  const addresses = [
    "192.168.1.7",
    "192.168.1.8",
    "192.168.1.9",
    "::ffff:192.168.1.10",
    "2001:db8::1",
    "2001:db8::2",
  ];
  const gone = await ended(
    addresses.map((address) => peerOf(address)),
    () => Promise.resolve(table),
  );
  assert.deepEqual(gone, ["192.168.1.7", "::ffff:192.168.1.10", "2001:db8::1"]);
  assert.deepEqual(await ended([peerOf("192.168.1.7", 1)], () => Promise.resolve(table)), []);
});

test("the kernel's own table has the columns that are read", {
  skip: process.platform !== "linux",
}, async () => {
  const [head = ""] = readFileSync("/proc/net/tcp", "latin1").split("\n");
  assert.match(head, /^ *sl +local_address +rem_address +st +tx_queue +rx_queue +tr +tm->when +retrnsmt/);
  assert.deepEqual(await ended([peerOf("192.0.2.1")]), []);
});
