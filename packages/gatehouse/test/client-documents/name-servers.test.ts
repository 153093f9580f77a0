import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { type TestContext, test } from "node:test";
import { resolveByNameServers } from "../../src/client-documents/name-servers.ts";

/**
 * A name server with one answer for the IPv4 addresses of every name, and one for the IPv6 ones; `undefined`:
 * it keeps silent.
 */
async function aNameServer(t: TestContext, answers: { four?: string[]; six?: string[] }): Promise<string> {
  const socket = createSocket("udp4");
  socket.on("message", (query, from) => {
    const isFour = query.readUInt16BE(query.indexOf(0, 12) + 1) === 1;
    const addresses = isFour ? answers.four : answers.six;
    if (addresses !== undefined) socket.send(answerTo(query, isFour, addresses), from.port, from.address);
  });
  t.after(() => socket.close());
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return `127.0.0.1:${socket.address().port}`;
}

/** RFC 1035 §4.1: the question as it came, and a record for each address (hexadecimal). */
function answerTo(query: Buffer, isFour: boolean, addresses: string[]): Buffer {
  const end = query.indexOf(0, 12) + 5; // the name, its final zero, type and class
  const header = Buffer.from([
    query[0] ?? 0,
    query[1] ?? 0,
    0x81,
    0x80,
    0,
    1,
    0,
    addresses.length,
    0,
    0,
    0,
    0,
  ]);
  const records = addresses.map((address) => {
    const data = Buffer.from(address, "hex");
    return Buffer.concat([
      Buffer.from([0xc0, 12, 0, isFour ? 1 : 28, 0, 1, 0, 0, 0, 60, 0, data.length]),
      data,
    ]);
  });
  return Buffer.concat([header, query.subarray(12, end), ...records]);
}

const six = "20010db8000000000000000000000001";

test("all addresses of a name are found, of both families", async (t) => {
  const server = await aNameServer(t, { four: ["08080808", "7f000001"], six: [six] });
  assert.deepEqual(await resolveByNameServers(500, [server])("app.example"), [
    { address: "8.8.8.8", family: 4 },
    { address: "127.0.0.1", family: 4 },
    { address: "2001:db8::1", family: 6 },
  ]);
});

test("a name without addresses of one family has those of the other, and one without any is not found", async (t) => {
  const one = await aNameServer(t, { four: ["08080808"], six: [] });
  const other = await aNameServer(t, { four: [], six: [six] });
  const none = await aNameServer(t, { four: [], six: [] });
  const find = (server: string) => resolveByNameServers(500, [server])("app.example");
  assert.deepEqual(await find(one), [{ address: "8.8.8.8", family: 4 }]);
  assert.deepEqual(await find(other), [{ address: "2001:db8::1", family: 6 }]);
  await assert.rejects(find(none), /ENODATA/);
});

test("a name server that keeps silent is left in time, with what it said before", async (t) => {
  const silent = await aNameServer(t, {});
  await assert.rejects(resolveByNameServers(50, [silent])("app.example"), /ECANCELLED/);
  const half = await aNameServer(t, { four: ["08080808"] });
  assert.deepEqual(await resolveByNameServers(50, [half])("app.example"), [
    { address: "8.8.8.8", family: 4 },
  ]);
});
