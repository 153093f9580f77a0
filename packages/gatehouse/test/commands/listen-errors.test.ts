import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { explainListenError, type ListenPlace } from "../../src/commands/listen-errors.ts";
import { Refusal } from "../../src/commands/refusal.ts";
import { aDatabase, anyProvider, runCommand } from "./command-line.ts";

for (const [host, sentence] of [
  ["203.0.113.9", /^gatehouse: HOST: 203\.0\.113\.9 is no address of this computer; .*\n$/],
  ["no-such-host.invalid", /^gatehouse: HOST: no address is known of no-such-host\.invalid \(E\w+\); .*\n$/],
] as const) {
  for (const more of [{}, { WORKERS: "2" }]) {
    test(`HOST=${host} ${JSON.stringify(more)} ends the start with one line that names HOST`, async (t) => {
      const { environment, remove } = await aDatabase();
      t.after(remove);
      const base = { ...anyProvider, ...environment, ...more, BASE_URL: "http://localhost:1", PORT: "0" };
      const { code, err } = await runCommand(["serve"], { ...base, HOST: host });
      assert.equal(code, 1);
      assert.match(err, sentence);
    });
  }
}

/** Node's error of a listener, as it really comes. */
async function listenError(port: number, host: string): Promise<NodeJS.ErrnoException> {
  const server = createServer();
  const failed = once(server, "error");
  server.listen(port, host);
  const [error] = (await failed) as [NodeJS.ErrnoException];
  return error;
}

const told = (error: unknown, place: ListenPlace) => {
  const explained = explainListenError(error, place);
  assert.ok(explained instanceof Refusal);
  assert.equal(explained.exitCode, 1);
  return explained.message;
};

test("each reason why an address cannot be had names the variable that chooses another", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as { port: number };
  const taken = await listenError(port, "127.0.0.1");
  other.close();
  const place = { host: "127.0.0.1", port, portVariable: "PORT" } as const;
  assert.match(told(taken, place), new RegExp(`^port ${port} is taken .* PORT$`));
  const demo = { port, portVariable: "DEMO_PORT" } as const;
  assert.match(told(taken, demo), /DEMO_PORT$/);

  // An account that may everything gets no such error: made as node makes it.
  const forbidden = Object.assign(new Error("listen EACCES"), { code: "EACCES", syscall: "listen" });
  assert.match(told(forbidden, { ...place, port: 443 }), /^port 443 may not be opened .* PORT$/);
  assert.match(told(forbidden, { ...place, host: "255.255.255.255" }), /^HOST: .*255\.255\.255\.255.*EACCES/);
  const strange = Object.assign(new Error("listen"), { code: "EAFNOSUPPORT", syscall: "listen" });
  assert.match(told(strange, { ...place, host: "::1" }), /^HOST: .*::1.*EAFNOSUPPORT/);

  const missing = await listenError(0, "203.0.113.9");
  assert.match(told(missing, { ...place, host: "203.0.113.9" }), /^HOST: 203\.0\.113\.9 is no address/);
});

test("what has nothing to do with listening stays what it is", () => {
  const place = { host: "127.0.0.1", port: 80, portVariable: "PORT" } as const;
  for (const error of [
    new Error("no code"),
    Object.assign(new Error("open EACCES"), { code: "EACCES", syscall: "open" }),
    Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED", syscall: "connect" }),
  ]) {
    assert.equal(explainListenError(error, place), error);
  }
});
