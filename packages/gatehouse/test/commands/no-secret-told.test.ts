import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { startTestGatehouse } from "../support/gatehouse.ts";
import { aPublicClient, introspect, post, refresh, resource, tokensFor } from "../support/oauth-client.ts";
import { runCommand, runProcess } from "./command-line.ts";

const folder = mkdtempSync(join(tmpdir(), "gatehouse-no-secret-"));
after(() => rmSync(folder, { recursive: true }));
const configPath = join(folder, "gatehouse.yaml");

/** A secret of which no four characters stand anywhere by chance: every other one is a tilde. */
const marked = (letters: string) => letters.split("").join("~");
const long = marked("abcdefghijklmnopqrstuvwx");
const short = marked("QRS");

/** Each secret of the environment, right, and wrong in as many ways as it can be. */
const inEnvironment: Readonly<Record<string, { readonly right: string; readonly wrong: readonly string[] }>> =
  {
    OAUTH2_CLIENT_SECRET: { right: long, wrong: [] },
    SECRET_KEY: { right: long, wrong: [short, `${long},${short}`] },
    INTROSPECTION_TOKEN: { right: long, wrong: [short, `${long} ${long}`] },
    SMTP_URL: {
      right: `smtps://ada:${long}@mail.example.com`,
      wrong: [`smtp:/${long}`, `https://ada:${long}@mail.example.com`, `smtps://ada:${long}@mail example`],
    },
    SQL_URL: {
      right: `postgres://ada:${long}@db.example.com/gate?password=${long}`,
      wrong: [`mysql://ada:${long}@db/gate`, `postgres:${long}`, `postgres://ada:${long}@db:port/gate`],
    },
  };

const rightFile = `resources:
  - { identifier: "https://notes.example.com/mcp", credential: gatehouse_rs_${long} }
clients:
  - { id: web, auth_method: client_secret_basic, secret: ${long}, redirect_uris: ["https://a.example/"] }
providers:
  - { name: work, preset: okta, issuer: "https://a.okta.com", client_id: a, client_secret: ${long}, domains: [a.example] }
servers:
  - { name: notes, upstream: "http://127.0.0.1:3000/mcp", credentials: { X-Key: ${long} } }
  - { name: files, path: /files, command: [npx], environment: { KEY: ${long} } }
`;
const settings = "secrets: { introspection_token: ";

/** Files in which one secret, or what stands around it, is wrong. */
const wrongFiles = [
  rightFile.replace(`gatehouse_rs_${long}`, long),
  rightFile.replace(`gatehouse_rs_${long}`, short),
  rightFile.replace(`gatehouse_rs_${long}`, `[${long}]`),
  rightFile.replace(`secret: ${long}`, `secret: ${short}`),
  rightFile.replace(`secret: ${long}`, `secret: { file: { text: ${long} } }`),
  rightFile.replace("client_secret_basic", "none"),
  rightFile.replace(`client_secret: ${long}`, `client_secret: { value: ${long} }`),
  rightFile.replace(`client_secret: ${long}`, `client_secret: "${long}`),
  rightFile.replace(`client_secret: ${long}`, `client_secret: !x ${long}`),
  rightFile.replace(`X-Key: ${long}`, `X-Key: "${long}\\n${long}"`),
  rightFile.replace(`X-Key: ${long}`, `Host: ${long}`),
  rightFile.replace(`{ X-Key: ${long} }`, long),
  rightFile.replace(`{ KEY: ${long} }`, `[KEY=${long}]`),
  rightFile.replace(/servers:[\s\S]*/, `servers: ${long}\n`),
  rightFile.replace(`KEY: ${long}`, `KEY: [${long}]`),
  rightFile.replace(`KEY: ${long}`, `KEY: "${long}\\0"`),
  `${settings}${short} }\n`,
  `${settings}[${long}] }\n`,
  `${settings}{ text: ${long} } }\n`,
  `${settings}{ file: ${folder}/secret, text: ${long} } }\n`,
  `${settings}${long}: ${long} }\n`,
  `secrets: { keys: [${long}, ${short}] }\n`,
  `secrets: ${long}\n`,
  `sign_in: { client_secret: [${long}] }\n`,
  `mail: { url: "https://ada:${long}@mail.example.com" }\n`,
  `database: { url: "mysql://ada:${long}@db/gate" }\n`,
];

/** The secret's characters in a row of four, of both. */
const parts = [long, short].flatMap((secret) =>
  Array.from({ length: secret.length - 3 }, (_, at) => secret.slice(at, at + 4)),
);

function tellNothing(told: string, where: string): void {
  const part = parts.find((each) => told.includes(each));
  assert.equal(part, undefined, `${where}: ${told}`);
}

/** Whatever is said of this configuration. */
async function looked(yaml: string, environment: Readonly<Record<string, string>>, isWrong: boolean) {
  writeFileSync(configPath, yaml);
  for (const args of [["check"], ["check", "--json"], ["show"], ["show", "--json"]]) {
    const { code, out, err } = await runCommand(["--config", configPath, "config", ...args], environment);
    tellNothing(out + err, args.join(" "));
    if (args[0] === "check")
      assert.equal(code, isWrong ? 2 : 0, `${yaml}${JSON.stringify(environment)}${err}`);
  }
}

// Besides these, `doctor --report` is to be looked at once there is one.
test("Y-n7 no output tells a secret or four characters of one: config show and check with each secret wrong in turn, the log of a whole flow at debug", async () => {
  const right = Object.fromEntries(Object.entries(inEnvironment).map(([name, each]) => [name, each.right]));
  const complete = {
    ...right,
    BASE_URL: "https://login.example.com",
    OAUTH2_CLIENT_ID: "id",
    ALLOWED_DOMAINS: "b.example",
    SMTP_FROM: "gate@example.com",
  };
  await looked(rightFile, complete, false);
  for (const [name, { wrong }] of Object.entries(inEnvironment)) {
    for (const value of wrong) await looked("", { ...complete, [name]: value }, true);
    const file = join(folder, name);
    for (const value of wrong) {
      writeFileSync(file, `${value}\n`);
      // The file of the keys is read by those who need them.
      await looked("", { ...complete, [name]: "", [`${name}_FILE`]: file }, name !== "SECRET_KEY");
    }
    await looked("", { ...complete, [`${name}_FILE`]: file }, true);
    writeFileSync(file, long, { mode: 0o666 });
    chmodSync(file, 0o666);
    await looked("", { ...complete, [name]: "", [`${name}_FILE`]: file }, name !== "SECRET_KEY");
  }
  for (const yaml of wrongFiles) await looked(yaml, complete, true);
  writeFileSync(configPath, `${rightFile}${settings}${short} }\n`);
  for (const WORKERS of ["1", "2"]) {
    const { code, out, err } = await runProcess(["--config", configPath, "serve"], { ...complete, WORKERS });
    assert.equal(code, 2);
    tellNothing(out + err, "serve");
  }

  const server = await startTestGatehouse({
    SECRET_KEY: long,
    INTROSPECTION_TOKEN: long,
    LOG_LEVEL: "debug",
  });
  try {
    await server.addResource(resource);
    await server.addClient({ id: "web", secret: long, redirectUris: ["https://app.example.com/*"] });
    const client = await aPublicClient(server);
    const tokens = await tokensFor(server, client);
    const next = await refresh(server, client, tokens.refresh_token);
    assert.equal(next.status, 200);
    assert.equal((await introspect(server, tokens.access_token, long)).active, true);
    for (const secret of [long, short]) {
      const form = { grant_type: "authorization_code", code: secret, code_verifier: secret };
      const basic = `Basic ${Buffer.from(`web:${secret}`).toString("base64")}`;
      await post(server, "/token", { ...form, client_id: "web", client_secret: secret });
      await post(server, "/token", form, { authorization: basic });
      await post(server, "/introspect", { token: secret }, { authorization: `Bearer ${secret}` });
      await post(server, "/introspect", { token: secret }, { authorization: basic });
      await post(server, "/revoke", { client_id: client.id, token: secret });
      await refresh(server, client, secret);
      await fetch(`${server.url}/callback?state=${secret}&code=${secret}`);
      await fetch(`${server.url}/consent`, { headers: { cookie: `__Host-session=${secret}` } });
    }
    const log = server.log.join("");
    tellNothing(log, "the log");
    // Of tokens, whose beginning says whose they are, the part that proves them; eight characters, since four
    // stand somewhere by chance.
    for (const token of [
      tokens.access_token,
      tokens.refresh_token,
      String(next.body.refresh_token),
      client.verifier,
    ]) {
      for (let at = token.length - 24; at <= token.length - 8; at++) {
        assert.ok(!log.includes(token.slice(at, at + 8)), "a part of a token");
      }
    }
    assert.ok(server.log.length > 20);
  } finally {
    await server.stop();
  }
});
