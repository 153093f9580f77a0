import assert from "node:assert/strict";
import { after, test } from "node:test";
import { canonicalResource, shortIdOf } from "../../src/oauth/resource.ts";
import { hashSecret } from "../../src/oauth/tokens/secret.ts";
import { openSqliteStore } from "../../src/storage/sqlite/store.ts";
import { StoreUnderTest } from "../contract/store-under-test.ts";
import { aDatabase, runCommand } from "./command-line.ts";

const database = await aDatabase();
/** Open all the time, as a server would have it. */
const store = await openSqliteStore({ path: database.path });
after(async () => {
  await store.close();
  await database.remove();
});

const resources = (...args: string[]) => runCommand(["resources", ...args], database.environment);
const credentialIn = (text: string) => /gatehouse_rs_[A-Za-z0-9_-]{43}/.exec(text)?.[0] ?? "";

test("an operator changes name, scopes and defaults of a resource, and its credential stays", async () => {
  const identifier = "https://set.example.com/mcp";
  const added = await resources("add", identifier, "--scope", "read=Read", "--scope", "write=Write");
  const credential = hashSecret(credentialIn(added.out));
  const stored = async () => {
    const { name, scopes } = (await store.findResourceByCredential(credential)) ?? assert.fail();
    return { name, scopes };
  };
  const read = { name: "read", sentence: "Read" };
  const write = { name: "write", sentence: "Write" };
  const marked = await resources("set", "HTTPS://set.example.com/mcp", "--default-scope", "read");
  assert.equal(marked.code, 0, marked.err);
  assert.deepEqual(await stored(), { name: undefined, scopes: [{ ...read, isDefault: true }, write] });
  assert.match((await resources("list")).out, /read \(default\) write$/m);
  const [{ scopes: told }] = JSON.parse((await resources("list", "--json")).out);
  assert.deepEqual(told, [
    { ...read, default: true, optional: false },
    { ...write, default: false, optional: false },
  ]);

  assert.equal((await resources("set", identifier, "--name", "Sets")).code, 0);
  assert.deepEqual(await stored(), { name: "Sets", scopes: [{ ...read, isDefault: true }, write] });

  const more = await resources("set", identifier, "--scope", "read=Read it all", "--scope", "all");
  assert.equal(more.code, 0, more.err);
  const scopes = [
    { name: "read", sentence: "Read it all", isDefault: true },
    { name: "all", sentence: undefined },
  ];
  assert.deepEqual(await stored(), { name: "Sets", scopes });

  for (const [code, ...args] of [
    [2, identifier],
    [2, identifier, "--default-scope", "write"],
    [2, identifier, "--claim", "email"],
    [2, identifier, "--claim", "none", "--claim", "name"],
    [2, identifier, "--scope", "a=1", "--scope", "a=2"],
    [1, "https://nowhere.example.com/mcp", "--name", "x"],
  ] as const) {
    const refused = await resources("set", ...args);
    assert.deepEqual([refused.code, refused.out], [code, ""], args.join(" "));
  }
  assert.deepEqual(await stored(), { name: "Sets", scopes });
  assert.equal((await resources("remove", identifier, "--yes")).code, 0);
});

test("who adds what is nearly registered is told so, with the scopes that are not taken over, and where the credential belongs", async () => {
  const wrong = "https://typo.example.com/mpc";
  const first = await resources("add", wrong, "--scope", "read=Read");
  assert.doesNotMatch(first.err, /nearly the same|no scopes/);
  assert.match(first.err, /belongs into that MCP server's own settings \(restart it then\)/);
  const right = await resources("add", "https://typo.example.com/mcp");
  assert.match(right.err, /^It has no scopes/m);
  assert.match(
    right.err,
    /^https:\/\/typo\.example\.com\/mpc is nearly the same, with the scopes: read\. Nothing was taken over.*gatehouse resources set https:\/\/typo\.example\.com\/mcp --name … --scope …/m,
  );
  const other = await resources("add", "https://typo.example.com/files");
  assert.doesNotMatch(other.err, /nearly the same/);
  for (const identifier of [wrong, "https://typo.example.com/mcp", "https://typo.example.com/files"])
    assert.equal((await resources("remove", identifier, "--yes")).code, 0);
});

test("an operator adds an MCP server, gets its credential once, renews it, and removes it", async () => {
  const added = await resources(
    ...["add", "HTTPS://Notes.example.com/mcp", "--name", "Notes"],
    ...["--scope", "notes:read=Read your notes, a=b included", "--scope", "notes:write"],
  );
  assert.equal(added.code, 0, added.err);
  const first = credentialIn(added.out);
  const stored = await store.findResourceByCredential(hashSecret(first));
  assert.equal(stored?.identifier, "https://notes.example.com/mcp");
  assert.equal(stored?.name, "Notes");
  assert.deepEqual(stored?.scopes, [
    { name: "notes:read", sentence: "Read your notes, a=b included" },
    { name: "notes:write", sentence: undefined },
  ]);

  const id = shortIdOf(canonicalResource("https://notes.example.com/mcp"));
  assert.match(added.err, new RegExp(`client_id for introspection: ${id}$`, "m"));

  const listed = await resources("list");
  assert.match(
    listed.out,
    /^https:\/\/notes\.example\.com\/mcp +rs_[0-9a-f]{12} +Notes +\d{4}-.* notes:read notes:write$/m,
  );
  const [entry] = JSON.parse((await resources("list", "--json")).out);
  assert.equal(entry.resource, "https://notes.example.com/mcp");
  assert.equal(entry.id, id);
  assert.doesNotMatch(listed.out + JSON.stringify(entry), new RegExp(`${first}|${hashSecret(first)}`));

  const rotated = await resources("rotate", "https://notes.example.com/mcp", "--json");
  const { id: sameId, introspection_credential: second } = JSON.parse(rotated.out);
  assert.equal(sameId, id);
  assert.equal(
    await store.findResourceByCredential(hashSecret(first)),
    undefined,
    "the old one stops at once",
  );
  assert.equal((await store.findResourceByCredential(hashSecret(second)))?.name, "Notes");

  assert.equal((await resources("remove", "https://notes.example.com/mcp", "--yes")).code, 0);
  assert.deepEqual(await store.listResources(), []);
  assert.equal((await resources("remove", "https://notes.example.com/mcp")).code, 1);
  assert.equal((await resources("rotate", "https://notes.example.com/mcp")).code, 1);
});

test("a credential that is rotated with --keep stays good for so long, and the list tells until when", async () => {
  const identifier = "https://kept.example.com/mcp";
  const first = credentialIn((await resources("add", identifier)).out);
  const rotated = await resources("rotate", identifier, "--keep", "24h");
  assert.equal(rotated.code, 0, rotated.err);
  assert.match(rotated.err, /The old one stays good until \d{4}-\d\d-\d\d \d\d:\d\d UTC/);
  const found = await store.findResourceByCredential(hashSecret(first));
  const left = (found?.previousCredential?.until ?? 0) - Date.now() / 1000;
  assert.ok(left > 86_000 && left <= 86_400, `${left} seconds`);
  assert.ok(await store.findResourceByCredential(hashSecret(credentialIn(rotated.out))));
  const listed = JSON.parse((await resources("list", "--json")).out) as Record<string, unknown>[];
  const entry = listed.find(({ resource }) => resource === identifier);
  assert.equal(entry?.previous_credential_until, found?.previousCredential?.until);
  for (const keep of ["31d", "soon"]) {
    assert.equal((await resources("rotate", identifier, "--keep", keep)).code, 2, keep);
  }
  assert.ok(await store.findResourceByCredential(hashSecret(first)), "nothing has changed");
  assert.equal((await resources("remove", identifier, "--yes")).code, 0);
});

test("a resource that is there keeps its credential", async () => {
  const { introspection_credential: credential } = JSON.parse(
    (await resources("add", "https://twice.example.com", "--json")).out,
  );
  const again = await resources("add", "https://twice.example.com/");
  assert.equal(again.code, 1);
  assert.match(again.err, /https:\/\/twice\.example\.com is there already/);
  assert.ok(await store.findResourceByCredential(hashSecret(credential)));
});

test("removing one says how many grants ended, also those an interrupted removal left, and when any other will do", async () => {
  const [removed, rest] = ["https://removed.example.com/mcp", "https://rest.example.com/mcp"];
  for (const resource of [removed, rest]) assert.equal((await resources("add", resource)).code, 0);
  const tested = new StoreUnderTest();
  await tested.open(async () => store);
  for (const _ of [1, 2]) await tested.aLiveGrant({ resource: canonicalResource(removed) });
  const first = await resources("remove", removed, "--yes");
  assert.equal(first.code, 0, first.err);
  const sentence = `Removed resource ${removed}: 2 grants for it ended, with every token and approval.\n`;
  assert.ok(first.err.endsWith(sentence), first.err);
  await tested.aLiveGrant({ resource: canonicalResource(removed) });
  const again = await resources("remove", removed, "--yes", "--json");
  assert.deepEqual(JSON.parse(again.out), { removed, grants: 1 });
  assert.equal((await resources("remove", removed)).code, 1);
  const left = await store.listResources();
  for (const { identifier } of left) {
    const last = identifier === left.at(-1)?.identifier;
    const { err } = await resources("remove", identifier, "--yes");
    assert.equal(/No resource is left: from now on any https URL is accepted/.test(err), last, err);
  }
});

test("what is no resource or no scope is wrong usage, and nothing is stored", async () => {
  const before = await store.listResources();
  const refused: [string[], RegExp][] = [
    [["add", "notes.example.com"], /absolute http\(s\) URI/],
    [["add", "https://x.example.com/#part"], /without fragment/],
    [["add", "https://x.example.com", "--scope", "two words=Read"], /--scope takes name=/],
    [["add", "https://x.example.com", "--scope", "=Read"], /--scope takes name=/],
    [["add", "https://x.example.com", "--scope", 'a"b=Read'], /character that is not allowed/],
    [["add", "https://x.example.com", "--scope", "a=One", "--scope", "a=Two"], /given twice/],
    [["remove", "nonsense"], /absolute/],
    [["add"], /missing required argument/],
  ];
  for (const [args, reason] of refused) {
    const { code, out, err } = await resources(...args);
    assert.equal(code, 2, args.join(" "));
    assert.match(err, reason);
    assert.equal(out, "");
  }
  assert.deepEqual(await store.listResources(), before);
});

test("a resource is told of people what the operator says, and nothing by default", async () => {
  const identifier = "https://claims.example.com/mcp";
  await resources("add", identifier);
  const claims = async () => (await store.findResource(canonicalResource(identifier)))?.claims;
  assert.equal(await claims(), undefined);
  const set = await resources(
    "set",
    identifier,
    "--claim",
    "groups",
    "--claim",
    "name",
    "--claim",
    "name",
    "--json",
  );
  assert.deepEqual(JSON.parse(set.out).claims, ["name", "groups"]);
  assert.deepEqual(await claims(), ["name", "groups"]);
  assert.equal((await resources("set", identifier, "--name", "Claims")).code, 0);
  assert.deepEqual(await claims(), ["name", "groups"]);
  assert.match((await resources("list")).out, / name groups$/m);
  assert.equal((await resources("set", identifier, "--claim", "none")).code, 0);
  assert.equal(await claims(), undefined);
  assert.equal((await resources("remove", identifier, "--yes")).code, 0);
});
