import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { runProgram } from "../../src/commands/program.ts";
import { processShell } from "../../src/commands/shell.ts";
import { newKeyText } from "../../src/oauth/tokens/secret-keys.ts";
import { openSqliteStore } from "../../src/storage/sqlite/store.ts";
import { runProcess, startAtTerminal, untilPrinted } from "./command-line.ts";
import { everyHelp } from "./helps.ts";
import { aUsedDatabase, issuer, now, resource } from "./used-database.ts";

/* What holds for every command: where it prints what, when it asks, and how it deals with secrets. */

/** Each entry of a list, at every depth, has the same members as the others. */
function haveSameMembers(value: unknown, where: string): void {
  if (typeof value !== "object" || value === null) return;
  const entries = Object.values(value);
  for (const entry of entries) haveSameMembers(entry, where);
  if (!Array.isArray(value)) return;
  const names = entries.map((entry) =>
    typeof entry === "object" && entry !== null ? Object.keys(entry) : [],
  );
  for (const others of names) assert.deepEqual(others, names[0], where);
}

test("Y16 results go to standard output and words to standard error, each listing has its JSON; what ends grants says how many and asks, or needs --yes", async (t) => {
  const { command, client, store, grant, olderKey, path, environment, subject } = await aUsedDatabase(t);
  await grant();
  for (const listing of [
    ["clients", "list"],
    ["clients", "show", client.id],
    ["resources", "list"],
    ["people", "list"],
    ["people", "show", "ada@example.com"],
    ["keys", "list"],
    ["config", "show"],
    ["config", "check"],
    ["access", "test", "ada@example.com", resource],
    ["migrate", "--dry-run"],
  ]) {
    const called = listing.join(" ");
    const table = await command(listing);
    assert.equal(table.code, 0, `${called}: ${table.err}`);
    const told = /^(The database is up to date|The configuration is in order)\.\n$/.test(table.err);
    assert.equal(
      table.out === "",
      told,
      `${called}: there is a result, or a sentence says that there is none`,
    );
    const json = await command([...listing, "--json"]);
    assert.deepEqual([json.code, json.err], [0, ""], called);
    haveSameMembers(JSON.parse(json.out), called);
  }

  const backup = `${path}.backup`;
  assert.equal((await command(["backup", backup])).code, 0);
  const endings: readonly (readonly [command: readonly string[], counted: RegExp])[] = [
    [["resources", "remove", resource], /ends 1 grant/],
    [["clients", "remove", client.id], /ends 1 grant/],
    [["people", "block", "ada@example.com"], /ends 1 session and 1 grant /],
    [["people", "remove", "ada@example.com"], /ends 1 session and 1 grant /],
    [["people", "release", "ada@example.com"], /ends 1 session and 1 grant/],
    [["people", "release", "--all-of", `${issuer}/passkey`], /ends 1 session and 1 grant/],
    [["people", "invite", "ada@example.com", "--sign-out"], /1 session and 1 grant of theirs end/],
    [["keys", "retire", olderKey, "--force"], /ends 1 live grant \(of 1 person\)/],
  ];
  for (const [ending, counted] of endings) {
    const called = ending.join(" ");
    const unasked = await command(ending);
    assert.deepEqual([unasked.code, unasked.out], [2, ""], called);
    assert.match(unasked.err, counted, called);
    assert.match(unasked.err, /: give --yes to do that\n$/, called);
    const questions: string[] = [];
    const words: string[] = [];
    const shell = { ...processShell(environment), complain: (text: string) => void words.push(text) };
    const refusing = { ...shell, confirm: async (question: string) => questions.push(question) < 0 };
    assert.equal(await runProgram(ending, refusing), 1, called);
    assert.match(questions.join(), counted, called);
    assert.deepEqual(words, ["gatehouse: nothing was changed"], called);
  }
  const { byKey } = await store.countGrants(now);
  assert.deepEqual(
    byKey.map(({ grants }) => grants),
    [1],
    "nothing has ended",
  );
  await store.close();
  assert.match((await command(["restore", backup])).err, /which has 1 live grant; those .* end: give --yes/);
  const reopened = await openSqliteStore({ path });
  assert.equal((await reopened.findHoldings(subject, now)).grants.length, 1);
  await reopened.close();
});

test("a new secret is printed once, alone on standard output, and no command takes one as an argument", async (t) => {
  const { command, client, environment } = await aUsedDatabase(t);
  const secrets: readonly (readonly [
    args: readonly string[],
    secret: RegExp,
    more?: Record<string, string>,
  ])[] = [
    [["resources", "add", "https://new.example.com/mcp"], /^gatehouse_rs_[\w-]{43}\n$/],
    [["resources", "rotate", resource], /^gatehouse_rs_[\w-]{43}\n$/],
    [
      [
        "clients",
        "add",
        "--id",
        "new",
        "--auth-method",
        "client_secret_basic",
        "--redirect-uri",
        "https://a.example/",
      ],
      /^gatehouse_cs_[\w-]{43}\n$/,
    ],
    [["clients", "rotate-secret", "new"], /^gatehouse_cs_[\w-]{43}\n$/],
    [["keys", "rotate"], /^[\w-]{43}\n$/, { SECRET_KEY: newKeyText() }],
    [["people", "invite", "new@example.com"], /^https:\S+token=gatehouse_iv_[\w-]{43}\n$/],
  ];
  for (const [args, secret, more] of secrets) {
    const { code, out, err } = await command(args, more);
    assert.equal(code, 0, err);
    assert.match(out, secret, args.join(" "));
    assert.ok(!err.includes(out.trim()), "once");
  }
  for (const [called, text] of await everyHelp()) {
    const takesOne = /^ +(--\S*(?:secret|credential|password|token|key)\S* <\S+>)/m.exec(text)?.[1];
    assert.equal(takesOne, undefined, called.join(" "));
  }
  const coloured = { ...environment, FORCE_COLOR: "1", TERM: "xterm-256color" };
  for (const args of [
    ["clients", "list"],
    ["clients", "show", client.id],
    ["clients", "nope"],
    ["config", "--help"],
  ]) {
    const { out, err } = await runProcess(args, coloured);
    assert.ok(!(out + err).includes("\u001b"), args.join(" "));
  }
});

test("at a terminal a person is asked, and only a yes goes on; with NO_COLOR nothing there is coloured", async (t) => {
  const { client, store, environment, grant } = await aUsedDatabase(t);
  await grant();
  const remove = ["clients", "remove", client.id];
  for (const [answer, code, left] of [
    ["", 1, true],
    ["no", 1, true],
    ["yes", 0, false],
  ] as const) {
    const child = startAtTerminal(remove, environment);
    if (child === undefined) return t.skip("no terminal can be made here");
    const asked = await untilPrinted(child, /Go on\? \[y\/N\] /);
    assert.match(asked, new RegExp(`removing the client ${client.id} ends 1 grant\\. Go on`));
    child.stdin?.end(`${answer}\n`);
    assert.deepEqual((await once(child, "close"))[0], code, answer);
    assert.equal((await store.findClient(client.id)) !== undefined, left, answer);
  }
  const listed = startAtTerminal(["clients", "list"], { ...environment, NO_COLOR: "1" });
  const printed = await untilPrinted(listed ?? assert.fail(), /https:\/\/b\.example\/cb/);
  assert.ok(!printed.includes("\u001b"));
});
