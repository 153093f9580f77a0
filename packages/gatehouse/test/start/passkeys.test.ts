import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readConfig } from "../../src/config/config.ts";
import { subjectOf } from "../../src/oauth/subject.ts";
import { seconds } from "../../src/oauth/values.ts";
import { passkeyWorks } from "../../src/start/passkeys.ts";
import { openSqliteStore } from "../../src/storage/sqlite/store.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { aHash, anAccount, unique } from "../contract/records.ts";
import { StandingClock } from "../support/gatehouse.ts";
import { PasskeyBrowser, pageOf, problemOf, startPasskeyServer } from "../support/passkey-browser.ts";

/** What several instances on one database do at their start. */
async function instances(environment: Record<string, string> = {}) {
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-passkeys-"));
  const path = join(folder, "gatehouse.db");
  const config = readConfig(
    { BASE_URL: "https://auth.example.com", SQL_URL: `sqlite:${path}`, PASSKEYS: "on", ...environment },
    "serve",
  );
  const clock = new StandingClock();
  const first = await openSqliteStore({ path });
  const stores = [first, await openSqliteStore({ path }), await openSqliteStore({ path })];
  const announced: string[] = [];
  const told: unknown[] = [];
  const lines: Record<string, unknown>[] = [];
  const log = createLog(
    { level: "debug", format: "json", tokenPrefixes: [] },
    { write: (line) => void lines.push(JSON.parse(line)) },
  );
  return {
    first,
    clock,
    lines,
    announced,
    /** Of events, names and whose doing they are. */
    told,
    /** As all three start at once. */
    async start(over = config) {
      announced.length = 0;
      const works = stores.flatMap((store) =>
        passkeyWorks(over, store, clock, log, {
          announce: (text) => announced.push(text),
          events: { emit: ({ name, actor }) => told.push([name, actor?.kind]) },
        }),
      );
      await Promise.all(works.map((work) => work()));
    },
    async remove() {
      for (const store of stores) await store.close();
      await rm(folder, { recursive: true });
    },
  };
}

const linkIn = (text = "") => /https:\S+/.exec(text)?.[0] ?? assert.fail(text);

test("V-n32 three instances that start on an empty database print one link; without it nobody registers, and once it was used none is printed", async () => {
  const { first: store, clock, announced, told, start, remove, lines } = await instances();
  await start();
  assert.equal(announced.length, 1);
  assert.deepEqual(told, [["invitation_created", "system"]]);
  const link = linkIn(announced[0]);
  await start();
  assert.deepEqual(announced, [], "it is shown once");
  const server = await startPasskeyServer({ store, clock });
  const stranger = new PasskeyBrowser(server);
  for (const url of ["/passkey/register", "/passkey/register?invitation=x", "/passkey/invitation?token=x"]) {
    assert.equal(problemOf(await stranger.get(url)), "invitationOver");
    assert.equal(problemOf(await stranger.post(url.split("?")[0] ?? "", { token: "x" })), "invitationOver");
  }
  pageOf(await new PasskeyBrowser(server).register(link, { email: "first@example.com" }), "passkey-ready");
  const used = server.events.filter(({ name }) => name === "invitation_used");
  assert.deepEqual(
    used.map(({ subject }) => subject?.startsWith("user_")),
    [true],
    "told once",
  );
  clock.advance(7200);
  await start();
  assert.deepEqual(announced, []);
  assert.ok(!JSON.stringify(lines).includes("gatehouse_iv_"), "no log has it");
  await remove();
});

test("beside another provider, and with anybody there, nobody is invited by a start", async () => {
  const provider = { OAUTH2_CLIENT_ID: "x", OAUTH2_CLIENT_SECRET: "y", ALLOWED_DOMAINS: "corp.example" };
  const beside = await instances(provider);
  await beside.start();
  assert.deepEqual(beside.announced, []);
  await beside.remove();
  const { first, announced, start, remove } = await instances();
  const account = anAccount();
  const session = { sessionHash: aHash(), replaces: undefined, authTime: seconds(1), expiresAt: seconds(2) };
  await first.openSession({ ...session, account });
  await start();
  assert.deepEqual(announced, []);
  await remove();
});

test("V63 passkeys are for the host of the issuer and its exact origin; one of an IP address is an error, and a host that changed is told with the number of passkeys it costs", async () => {
  const { first: store, clock, announced, lines, start, remove } = await instances();
  await start();
  const server = await startPasskeyServer({ store, clock });
  const browser = new PasskeyBrowser(server);
  const page = pageOf(await browser.take(linkIn(announced[0])), "passkey-registration");
  assert.equal(JSON.parse(page.options).rp.id, "auth.example.com");
  pageOf(await browser.finish(page, { email: "ada@example.com" }), "passkey-ready");
  await start();
  assert.deepEqual(
    lines.filter(({ level }) => level === "warn"),
    [],
  );
  const moved = readConfig(
    { BASE_URL: "https://login.example.com:8443/auth", SQL_URL: "sqlite::memory:", PASSKEYS: "on" },
    "serve",
  );
  await start(moved);
  const [told] = lines.filter(({ level }) => level === "warn");
  assert.deepEqual([told?.passkeys, told?.host], [1, "login.example.com"]);
  assert.match(String(told?.msg), /made for another host/);
  // Who lives at another origin of the same name is another party.
  const other = await startPasskeyServer({ store, clock, issuer: "https://auth.example.com:8443" });
  const elsewhere = new PasskeyBrowser(other, browser.authenticator);
  await assert.rejects(elsewhere.signIn(), /refused/);
  for (const address of ["https://192.0.2.7", "https://[2001:db8::1]", "http://127.0.0.1:8080"]) {
    assert.throws(
      () => readConfig({ BASE_URL: address, SQL_URL: "sqlite::memory:", PASSKEYS: "on" }, "serve"),
      (error: Error & { errors: readonly { variable: string; expected: string }[] }) =>
        error.errors.length === 1 &&
        error.errors[0]?.variable === "BASE_URL" &&
        /no passkeys for an IP address/.test(error.errors[0].expected),
    );
  }
  await remove();
});

test("groups in the file hold from the start on, beside those of the invitation, and no longer than they stand there", async () => {
  const { first: store, clock, announced, start, remove } = await instances();
  await start();
  const server = await startPasskeyServer({ store, clock });
  const link = linkIn(announced[0]);
  pageOf(await new PasskeyBrowser(server).register(link, { email: "first@example.com" }), "passkey-ready");
  const ada = new PasskeyBrowser(server);
  pageOf(await ada.register(await server.invite("Ada@example.com", { groups: ["staff"] })), "passkey-ready");
  const environment = { BASE_URL: "https://auth.example.com", SQL_URL: "sqlite::memory:", PASSKEYS: "on" };
  const config = readConfig(environment, "serve");
  const withGroups = (people: readonly { address: string; groups: string[] }[]) => ({
    ...config,
    sections: { ...config.sections, people: [...people] },
  });
  const groups = async (email: string) => (await store.findAccounts(email))[0]?.groups;
  await start(withGroups([{ address: "ADA@Example.com", groups: ["admins", "staff"] }]));
  assert.deepEqual(await groups("ada@example.com"), ["staff", "admins"]);
  await start(withGroups([{ address: "first@example.com", groups: ["admins"] }]));
  assert.deepEqual(await groups("ada@example.com"), ["staff"]);
  assert.deepEqual(await groups("first@example.com"), ["admins"]);
  // People of other providers have theirs from there.
  const upstreamSubject = unique();
  const issuer = "https://idp.example";
  const subject = subjectOf({ issuer, subject: upstreamSubject });
  const upstream = anAccount({
    issuer,
    upstreamSubject,
    subject,
    email: "up@example.com",
    groups: ["theirs"],
  });
  const session = { sessionHash: aHash(), replaces: undefined, authTime: seconds(1), expiresAt: seconds(2) };
  await store.openSession({ ...session, account: upstream });
  await start(withGroups([{ address: "up@example.com", groups: ["admins"] }]));
  assert.deepEqual(await groups("up@example.com"), ["theirs"]);
  await remove();
});
