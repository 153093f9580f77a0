import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { freePort } from "../support/free-port.ts";
import { aPublicClient, openConsentPage } from "../support/oauth-client.ts";
import { startUpstream } from "../support/upstream.ts";
import {
  aDatabase,
  anyProvider,
  command,
  isRefusedATakenPort,
  runCommand,
  startCommand,
  untilPrinted,
} from "./command-line.ts";

test("gatehouse serve says where it listens, answers, and stops cleanly when asked", async (t) => {
  const database = await aDatabase();
  t.after(database.remove);
  const issuer = "http://localhost:1/login";
  const child = startCommand(["serve"], {
    ...anyProvider,
    ...database.environment,
    BASE_URL: issuer,
    PORT: "0",
  });
  t.after(() => child.kill("SIGKILL"));
  const printed = await untilPrinted(child, /listening.*\n/);
  const line = JSON.parse(printed.split("\n").find((entry) => entry.includes("listening")) ?? "");
  assert.equal(line.issuer, issuer);
  assert.equal(line.level, "info");
  assert.equal((await fetch(`${line.address}/login/healthz`)).status, 200);

  const ended = once(child, "exit");
  // Two at once are one wish to stop, not an impatient second one: npm sends its own beside the terminal's.
  child.kill("SIGINT");
  child.kill("SIGTERM");
  assert.deepEqual(await ended, [0, null]);
});

test("SIGTERM stops it as cleanly", async (t) => {
  const database = await aDatabase();
  t.after(database.remove);
  const child = startCommand(["serve"], {
    ...anyProvider,
    ...database.environment,
    BASE_URL: "http://localhost:1",
    PORT: "0",
  });
  t.after(() => child.kill("SIGKILL"));
  await untilPrinted(child, /listening/);
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  assert.deepEqual(await ended, [0, null]);
});

test("it stops when npm, which started it, was told to stop: that ends npm and its shell, and nobody tells it", async (t) => {
  if (process.platform === "win32") return t.skip("there are no signals");
  const database = await aDatabase();
  t.after(database.remove);
  const environment = {
    ...anyProvider,
    ...database.environment,
    METRICS_LISTEN: "off",
    BASE_URL: "http://localhost:1",
    PORT: "0",
    PATH: process.env.PATH ?? "",
  };
  const line = `"${process.execPath}" "${command}" serve & echo "pid $!"; wait`;
  const shell = (more: Record<string, string>) =>
    spawn("sh", ["-c", line], { env: { ...environment, ...more }, stdio: ["ignore", "pipe", "pipe"] });
  // The one that npm did not start shows that it is npm's leaving that counts.
  const [ofNpm, ofSomebody] = [shell({ npm_command: "run-script" }), shell({})];
  const pids: number[] = [];
  for (const started of [ofNpm, ofSomebody]) {
    const pid = Number(/pid (\d+)/.exec(await untilPrinted(started, /listening/))?.[1]);
    t.after(() => {
      if (isRunning(pid)) process.kill(pid, "SIGKILL");
    });
    pids.push(pid);
  }
  const [npmServer = 0, otherServer = 0] = pids;
  // So long that it has seen its parent once.
  await setTimeout(2000);
  ofSomebody.kill("SIGTERM");
  ofNpm.kill("SIGTERM");
  while (isRunning(npmServer)) await setTimeout(50);
  assert.ok(isRunning(otherServer));
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("Y-n6 a pod beside a service named gatehouse starts, and listens where it was told", async (t) => {
  const database = await aDatabase();
  t.after(database.remove);
  const port = await freePort();
  const child = startCommand(["serve"], {
    ...anyProvider,
    ...database.environment,
    BASE_URL: "http://localhost:1",
    PORT: String(port),
    // As Kubernetes sets them where service links are on, for two ports of which one has a name.
    GATEHOUSE_SERVICE_HOST: "10.43.0.12",
    GATEHOUSE_SERVICE_PORT: "80",
    GATEHOUSE_SERVICE_PORT_HTTP: "80",
    GATEHOUSE_SERVICE_PORT_METRICS: "9090",
    GATEHOUSE_PORT: "tcp://10.43.0.12:80",
    GATEHOUSE_PORT_80_TCP: "tcp://10.43.0.12:80",
    GATEHOUSE_PORT_80_TCP_PROTO: "tcp",
    GATEHOUSE_PORT_80_TCP_PORT: "80",
    GATEHOUSE_PORT_80_TCP_ADDR: "10.43.0.12",
    GATEHOUSE_PORT_9090_TCP: "tcp://10.43.0.12:9090",
    GATEHOUSE_PORT_9090_TCP_PROTO: "tcp",
    GATEHOUSE_PORT_9090_TCP_PORT: "9090",
    GATEHOUSE_PORT_9090_TCP_ADDR: "10.43.0.12",
  });
  t.after(() => child.kill("SIGKILL"));
  await untilPrinted(child, /listening/);
  assert.equal((await fetch(`http://127.0.0.1:${port}/readyz`)).status, 200);
});

test("a port that is taken is told in one line with the variable that chooses another", async (t) => {
  const database = await aDatabase();
  t.after(database.remove);
  await isRefusedATakenPort({ ...anyProvider, ...database.environment });
});

test("gatehouse serve signs people in through their identity provider, up to the consent page", async (t) => {
  const database = await aDatabase();
  t.after(database.remove);
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const upstream = await startUpstream({ redirectUris: [`${url}/callback`] });
  t.after(() => upstream.close());
  const child = startCommand(["serve"], {
    ...database.environment,
    PORT: String(port),
    UPSTREAM_ISSUER: upstream.issuer,
    OAUTH2_CLIENT_ID: upstream.clientId,
    OAUTH2_CLIENT_SECRET: upstream.clientSecret,
  });
  t.after(() => child.kill("SIGKILL"));
  await untilPrinted(child, /listening/);
  const { page } = await openConsentPage({ url }, await aPublicClient({ url }));
  assert.match(page.html, /alice@example\.com/);
  const development = await fetch(`${url}/development-sign-in?state=x`);
  assert.equal(development.status, 404, "and in no other way");
});

for (const container of [{ HOST: "0.0.0.0" }, {}]) {
  test(`${JSON.stringify(container)} gatehouse serve, without a provider, is refused and says what to set`, async () => {
    const { code, out, err } = await runCommand(["serve"], container);
    assert.equal(code, 2);
    assert.equal(out, "", "nothing listened");
    assert.match(err, /^ +OAUTH2_CLIENT_ID$/m);
    assert.match(err, /^ +OAUTH2_CLIENT_SECRET$/m);
    assert.match(err, /https:\/\/console\.cloud\.google\.com/, "where to get one");
    assert.match(err, /redirect URI http:\/\/localhost:8080\/callback/, "and what to register there");
    assert.match(err, /gatehouse dev/, "and how to try it without");
  });
}
