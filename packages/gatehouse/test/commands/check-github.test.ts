import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { runProgram } from "../../src/commands/program.ts";
import { processShell } from "../../src/commands/shell.ts";
import { aFolder } from "../config/config-file.ts";
import { anAccount, type Github, startGithub } from "../support/github.ts";

let github: Github;
before(async () => {
  github = await startGithub();
});
after(() => github?.close());

/** Runs the command; whoever is asked for the address signs in and gives it. */
async function check(t: TestContext, secret: string, rest = "", host = github.origin) {
  const yaml = `providers:
  - name: code
    kind: github
    host: ${host}
    client_id: ${github.clientId}
    client_secret: "${secret}"
    domains: [example.com]
    trust_email: true
${rest}`;
  const configPath = join(aFolder(t, { "gatehouse.yaml": yaml }), "gatehouse.yaml");
  const [out, err]: [string[], string[]] = [[], []];
  const code = await runProgram(["--config", configPath, "check", "provider", "code"], {
    ...processShell({ BASE_URL: "https://auth.example.com" }),
    random: { bytes: (count) => randomBytes(count) },
    askLine: async () => {
      const link = /^ {2}(http\S+)$/m.exec(err.join("\n"))?.[1] ?? "";
      return (await github.signIn(new URL(link))).href;
    },
    print: (lines) => void out.push(lines),
    complain: (lines) => void err.push(lines),
  });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

test("GitHub is looked at from the command line: its clock, our secret, the callback to register, and who would sign in", async (t) => {
  github.account = anAccount({ memberships: { acme: "active" }, teams: ["acme/admins"] });
  const good = await check(t, github.clientSecret);
  assert.equal(good.code, 0, good.err);
  assert.match(good.out, /clock +ok/);
  assert.match(good.out, /secret +ok +taken/);
  assert.match(good.out, /https:\/\/auth\.example\.com\/callback\/code \(register exactly this there\)/);
  assert.match(
    good.out,
    /subject +583231\b[\s\S]*address +ada@example\.com\b[\s\S]*groups +acme, acme\/admins/,
  );
  assert.ok(!(good.out + good.err).includes(github.token), "no token is printed");

  const outsider = await check(t, github.clientSecret, "    organizations: [partners]\n");
  assert.equal(outsider.code, 1);
  assert.match(outsider.err, /nobody would be signed in: .*no active member of partners/);
});

test("a secret that GitHub refuses, and a GitHub that is not there, are told with what to mend", async (t) => {
  const refused = await check(t, "another-secret");
  assert.equal(refused.code, 1);
  assert.match(
    refused.out,
    /secret +WRONG +refused, .*incorrect_client_credentials.*check client_id and client_secret/,
  );
  assert.ok(!(refused.out + refused.err).includes("another-secret"));
  const gone = await startGithub();
  await gone.close();
  const unreachable = await check(t, github.clientSecret, "", gone.origin);
  assert.equal(unreachable.code, 1);
  assert.match(unreachable.out, /reachable +WRONG .*ECONNREFUSED/);
});
