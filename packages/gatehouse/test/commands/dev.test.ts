import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { freePort } from "../support/free-port.ts";
import { aDatabase, runCommand, startCommand, untilPrinted } from "./command-line.ts";

test("gatehouse dev starts the server and the demo server behind it, and says what to do next; a second time too", async (t) => {
  const database = await aDatabase();
  t.after(database.remove);
  const [port, demoPort] = [await freePort(), await freePort()];
  const environment = { ...database.environment, PORT: String(port), DEMO_PORT: String(demoPort) };
  for (const round of ["first", "second"]) {
    const child = startCommand(["dev"], environment);
    t.after(() => child.kill("SIGKILL"));
    const printed = await untilPrinted(child, /Ctrl-C/);
    assert.match(
      printed,
      new RegExp(`claude mcp add --transport http gatehouse-demo http://localhost:${demoPort}/mcp`),
    );
    assert.match(printed, new RegExp(database.path));

    const refused = await fetch(`http://127.0.0.1:${demoPort}/mcp`, { method: "POST" });
    assert.equal(refused.status, 401, round);
    assert.match(refused.headers.get("www-authenticate") ?? "", /resource_metadata=/);
    const metadata = await fetch(`http://127.0.0.1:${port}/.well-known/oauth-authorization-server`);
    const { issuer } = (await metadata.json()) as { issuer: string };
    assert.equal(issuer, `http://localhost:${port}`);

    const ended = once(child, "exit");
    child.kill("SIGINT");
    assert.deepEqual(await ended, [0, null]);
  }
});

test("the demo server's port being taken stops everything, with the variable that chooses another", async (t) => {
  const database = await aDatabase();
  t.after(database.remove);
  const other = createServer().listen(0, "127.0.0.1");
  t.after(() => other.close());
  await once(other, "listening");
  const demoPort = String((other.address() as AddressInfo).port);
  const { code, err } = await runCommand(["dev"], {
    ...database.environment,
    PORT: String(await freePort()),
    DEMO_PORT: demoPort,
  });
  assert.equal(code, 1);
  assert.match(err, new RegExp(`port ${demoPort} is taken .* DEMO_PORT`));
});

test("gatehouse dev does not run where strangers could reach it", async () => {
  for (const [variable, value] of [
    ["BASE_URL", "https://auth.example.com"],
    ["HOST", "0.0.0.0"], // the first thing anybody does in a container
    ["HOST", "::"],
    ["HOST", "192.168.1.7"],
    ["HOST", "my-laptop"],
  ] as const) {
    const { code, out, err } = await runCommand(["dev"], { [variable]: value });
    assert.equal(code, 2, value);
    assert.equal(out, "", value);
    assert.match(err, new RegExp(`${variable}[\\s\\S]*loopback[\\s\\S]*gatehouse serve`), value);
  }
});
