import assert from "node:assert/strict";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { SoftwareAuthenticator } from "../support/authenticator.ts";
import { freePort } from "../support/free-port.ts";
import { type Arrival, UserAgent } from "../support/user-agent.ts";
import { aDatabase, anyProvider, startCommand, untilPrinted } from "./command-line.ts";

/** `gatehouse serve` without any identity provider; what it prints, on which of its outputs. */
async function serve(t: TestContext, environment: Record<string, string>) {
  const child = startCommand(["serve"], { PASSKEYS: "on", LOG_LEVEL: "debug", ...environment });
  t.after(() => child.kill("SIGKILL"));
  const printed = { out: "", err: "" };
  child.stdout?.on("data", (chunk: Buffer) => {
    printed.out += chunk;
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    printed.err += chunk;
  });
  await untilPrinted(child, /"listening".*\n/);
  return {
    printed,
    untilPrinted: (sign: RegExp) => (sign.test(printed.err) ? printed.err : untilPrinted(child, sign)),
    async stop() {
      const closed = once(child, "close");
      child.kill("SIGTERM");
      await closed;
      return printed;
    },
  };
}

const links = (text: string) => text.match(/http:\S+token=gatehouse_iv_[\w-]{43}/g) ?? [];
const optionsOf = ({ html }: Arrival) =>
  (/data-options="([^"]*)"/.exec(html)?.[1] ?? assert.fail(html)).replaceAll("&quot;", '"');

test("V60 the first start without provider and people prints one invitation, past the log, good for an hour; later ones print none while it is open or somebody is there", async (t) => {
  const database = await aDatabase();
  t.after(database.remove);
  const port = String(await freePort());
  const origin = `http://localhost:${port}`;
  const settings = { ...database.environment, PORT: port, BASE_URL: origin };
  const first = await serve(t, settings);
  await first.untilPrinted(/token=.*\n/);
  const printed = await first.stop();
  const [link = assert.fail(), ...more] = links(printed.err);
  assert.deepEqual(more, []);
  assert.match(printed.err, /Nobody can sign in yet.*\n\n {2}http:.*\n\nIt is shown this once/);
  assert.ok(!printed.out.includes("gatehouse_iv_"), "no log has it");

  const second = await serve(t, settings);
  const browser = new UserAgent();
  // Nobody registers without it.
  const stranger = await new UserAgent().follow(`${origin}/passkey/register`);
  assert.equal(stranger.response.status, 400);
  const registration = await browser.submit(await browser.follow(link), {});
  const answer = new SoftwareAuthenticator(origin).make(optionsOf(registration));
  const ready = await browser.submit(registration, { email: "ada@example.com", answer });
  assert.match(ready.html, /Your passkey is ready/);
  const later = await second.stop();
  assert.deepEqual(links(later.err + later.out), []);
  assert.ok(!later.out.includes(new URL(link).searchParams.get("token") ?? ""), "nor when it is used");

  const third = await serve(t, settings);
  assert.equal((await fetch(`${origin}/healthz`)).status, 200);
  const last = await third.stop();
  assert.deepEqual(links(last.err + last.out), []);
});

/** Has a process say which packages it loads that not every server needs. */
const tellsLoaded = `--import=data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from "node:module";
  registerHooks({
    load(url, context, next) {
      const [, name] = /node_modules\\/(@simplewebauthn|nodemailer)\\//.exec(url) ?? [];
      if (name) process.stderr.write("loaded " + name + "\\n");
      return next(url, context);
    },
  });
`)}`;

test("what passkeys need is loaded where they are on, and what mails need by nobody who sends none", async (t) => {
  for (const [environment, loaded] of [
    [{ ...anyProvider, PASSKEYS: "off" }, []],
    [{ PASSKEYS: "on" }, ["loaded @simplewebauthn"]],
  ] as const) {
    const database = await aDatabase();
    t.after(database.remove);
    const mail = { SMTP_URL: "smtp://127.0.0.1:1", SMTP_FROM: "gatehouse@example.com" };
    const settings = { ...database.environment, ...mail, PORT: "0", BASE_URL: "http://localhost:1" };
    const started = await serve(t, { ...settings, ...environment, NODE_OPTIONS: tellsLoaded });
    const { err } = await started.stop();
    assert.deepEqual([...new Set(err.match(/^loaded .*$/gm) ?? [])], loaded);
  }
});

test("several workers print the link once", async (t) => {
  const database = await aDatabase();
  t.after(database.remove);
  const settings = { ...database.environment, PORT: "0", BASE_URL: "http://localhost:1", WORKERS: "2" };
  const started = await serve(t, settings);
  await started.untilPrinted(/token=.*\n/);
  const { err, out } = await started.stop();
  assert.equal(links(err + out).length, 1);
});
