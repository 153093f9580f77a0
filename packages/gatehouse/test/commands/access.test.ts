import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Account } from "../../src/oauth/records.ts";
import { canonicalResource, shortIdOf } from "../../src/oauth/resource.ts";
import { seconds } from "../../src/oauth/values.ts";
import { openSqliteStore } from "../../src/storage/sqlite/store.ts";
import { aFolder } from "../config/config-file.ts";
import { aHash, anAccount } from "../contract/records.ts";
import { aDatabase, runCommand } from "./command-line.ts";

const database = await aDatabase();
const store = await openSqliteStore({ path: database.path });
after(async () => {
  await store.close();
  await database.remove();
});

const identifier = canonicalResource("https://notes.example/mcp");
const scopes = ["notes:read", "notes:write"].map((name) => ({ name, sentence: undefined }));
const now = seconds(Math.floor(Date.now() / 1000));
await store.addResource({ identifier, name: "Notes", scopes, createdAt: now }, aHash());

async function signedIn(over: Partial<Account>): Promise<Account> {
  const account = anAccount({ provider: "work", confirmedAt: seconds(now - 7200), ...over });
  const session = { replaces: undefined, account, authTime: now, expiresAt: seconds(now + 3600) };
  await store.openSession({ sessionHash: aHash(), ...session });
  return account;
}

const ada = await signedIn({ email: "ada@corp.example", groups: ["admins", "evil\u001b[31m"] });
await signedIn({ email: "eve@corp.example", groups: ["contractors"] });
await signedIn({ email: "una@corp.example", groups: undefined });

const providers = (revalidate = "") => `providers:
  - name: work
    preset: keycloak
    issuer: https://id.corp.example/realms/main
    client_id: gatehouse
    client_secret: a-secret
    domains: [corp.example]${revalidate}
`;
const rules = `access:
  sign_in:
    - allow: { domain: [corp.example] }
    - deny: { group: [contractors] }
  resources:
    ${shortIdOf(identifier)}:
      - allow: { group: ["work:admins"], address: [ada@corp.example, bob@corp.example] }
      - deny: { everyone: true }
        scopes: ["notes:write"]
`;

test("V48 access test says of every rule whether it matched or which key did not, and what comes of it", async (t) => {
  const folder = aFolder(t, { "gatehouse.yaml": providers("\n    revalidate: 24h") + rules });
  const run = (...args: string[]) =>
    runCommand(["access", "test", ...args, "--config", join(folder, "gatehouse.yaml")], {
      ...database.environment,
      ACCESS_TOKEN_TTL: "10m",
    });
  const allowed = await run("Ada@corp.example", identifier);
  assert.equal(allowed.code, 0, allowed.err);
  for (const line of [
    /^groups: admins, evil.*, as the provider said 2 hours.* ago$/m,
    /^https:\/\/notes\.example\/mcp, asked for notes:read notes:write$/m,
    /^matched +allow +domain corp\.example +access\.sign_in\[0\]$/m,
    /^not: group +deny +group work:contractors +access\.sign_in\[1\]$/m,
    /^matched +allow +address ada@corp\.example or bob@corp\.example, group work:admins +access\.resources\.rs_\w+\[0\]$/m,
    /^matched +deny +everyone, scopes notes:write +access\.resources\.rs_\w+\[1\]$/m,
    /^Allowed: notes:read$/m,
    /^Not allowed: notes:write$/m,
    /^A changed rule ends access within 10 minutes\. A group lost at work does within 1 day 10 minutes\.$/m,
  ]) {
    assert.match(allowed.out, line);
  }
  assert.ok(!allowed.out.includes("\u001b"));

  for (const [code, pattern, ...args] of [
    [0, /^Allowed: notes:read$/m, ada.subject, shortIdOf(identifier), "--scope", "notes:read other"],
    [
      1,
      /^Refused: nothing of what is asked for is left\.$/m,
      "ada@corp.example",
      identifier,
      "--scope",
      "notes:write",
    ],
    [1, /^Refused: a deny rule is about them\.$/m, "eve@corp.example", identifier],
    [
      1,
      /^matched: groups unknown +deny[\s\S]*^groups unknown +allow|^Refused: their groups are unknown/m,
      "una@corp.example",
      identifier,
    ],
  ] as const) {
    const { code: got, out, err } = await run(...args);
    assert.deepEqual([got, err], [code, ""], out);
    assert.match(out, pattern);
  }
  for (const [reason, ...args] of [
    [/nobody signed in here as bob@corp\.example/, "bob@corp.example", identifier],
    [/nobody signed in here/, "user_nobody", identifier],
    [/there is no resource https:\/\/other/, "ada@corp.example", "https://other.example/mcp"],
    [/there is no resource rs_000000000000/, "ada@corp.example", "rs_000000000000"],
  ] as const) {
    const { code, out, err } = await run(...args);
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, reason);
  }

  const { out } = await run("una@corp.example", identifier, "--json");
  const { allowed: may, reason, groups, sign_in } = JSON.parse(out);
  assert.deepEqual([may, reason, groups], [false, "groups_unknown", null]);
  assert.deepEqual(sign_in[1], {
    rule: "access.sign_in[1]",
    effect: "deny",
    scopes: null,
    matched: true,
    missed: null,
    groups_unknown: true,
  });

  writeFileSync(join(folder, "gatehouse.yaml"), providers());
  const without = await run("eve@corp.example", identifier);
  assert.equal(without.code, 0, without.err);
  assert.match(without.out, /^Signing in: there are no rules, so whoever the provider may speak for$/m);
  assert.match(without.out, /A group lost at work has no bound/);
  await store.blockAccount(ada.subject, now);
  const blocked = await run(ada.subject, identifier);
  assert.equal(blocked.code, 1);
  assert.match(blocked.out, /^Refused: blocked since/m);
});
