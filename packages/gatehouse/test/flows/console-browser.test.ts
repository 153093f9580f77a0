import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { canonicalResource, shortIdOf } from "../../src/oauth/resource.ts";
import { consoleGerman } from "../../src/pages/console/words.de.ts";
import { consoleEnglish } from "../../src/pages/console/words.ts";
import { anInvitation } from "../contract/passkeys.ts";
import { accessibilityErrors, openBrowser } from "../support/browser.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { aPublicClient, authorize, redeem, resource, tokensOf } from "../support/oauth-client.ts";
import { UserAgent } from "../support/user-agent.ts";

/* The console in a real browser: every page, in both languages, narrow and wide, light and dark. */

let server: TestGatehouse;
let browser: Browser;
/** Whatever a browser complained of: above all violations of the content security policy. */
const complaints: string[] = [];
/** Paths below the console. */
let paths: readonly string[];
/** Where pictures of the pages go, for the documentation; nowhere unless asked for. */
const pictures = process.env.CONSOLE_PICTURES;
/** Not with a passkey. */
const throughUpstream = { provider: "default" };

before(async () => {
  server = await startTestGatehouse({
    ADMINS: "boss@example.com",
    PASSKEYS: "on",
    ALLOWED_DOMAINS: "example.com",
  });
  server.upstream.signedInAt = () => server.clock.now();
  await server.addResource(resource, { "notes:read": "Read your notes", "notes:write": "Change your notes" });
  await server.addResource("https://files.example.com/a/rather/long/path/to/an/mcp/server/that/has/no/end");
  await server.addClient({
    id: "dashboard",
    authMethod: "client_secret_basic",
    secret: "the-secret-of-the-dashboard",
    redirectUris: ["https://dashboard.example.com/callback/of/some/length", "http://127.0.0.1/callback"],
    metadata: { name: "Dashboard" },
  });
  const id = shortIdOf(canonicalResource(resource));
  await server.reload(`access:
  sign_in: [{ allow: { domain: [example.com] } }, { deny: { address: [eve@example.com] } }]
  resources:
    ${id}: [{ allow: { everyone: true } }, { deny: { everyone: true }, scopes: ["notes:write"] }]
`);
  for (const email of ["lise@home.example", "a-guest.of-a-rather-long-name-indeed@guests.home.example"])
    await server.store.invite(anInvitation({ email, groups: ["guests", "readers"], endsGrants: true }));
  const names = ["ada", "grace.of-a-rather-long-name-indeed", "hedy", "ida", "joan", "katherine"];
  for (const sub of names) {
    server.upstream.account = { sub, email: `${sub}@example.com`, email_verified: true };
    const client = await aPublicClient(server, { client_name: `Editor ${names.indexOf(sub) + 1}` });
    const end = await authorize(server, client, { agent: new UserAgent(), parameters: throughUpstream });
    tokensOf(await redeem(server, client, end.searchParams.get("code") ?? ""));
  }
  const [hedy] = await server.store.findAccounts("hedy@example.com");
  await server.store.blockAccount(hedy?.subject ?? assert.fail(), server.clock.now());
  const [ada] = await server.store.findAccounts("ada@example.com");
  const subject = ada?.subject ?? assert.fail("no account");
  const [grant] = (await server.store.findHoldings(subject, server.clock.now())).grants;
  server.upstream.decision = "cancel";
  const attempt = authorize(server, await aPublicClient(server), { parameters: throughUpstream });
  await attempt.catch(() => undefined);
  server.upstream.decision = "continue";
  server.upstream.account = { sub: "boss", email: "boss@example.com", email_verified: true };
  const client = encodeURIComponent(grant?.clientId ?? "");
  paths = [
    "",
    "/people",
    "/people?q=nobody",
    `/person?subject=${subject}`,
    `/person?subject=${subject}&act=block`,
    "/invitations",
    "/invitations/new?ends_grants=yes",
    "/grants",
    `/grant?id=${grant?.id}`,
    "/servers",
    "/servers/new",
    `/server?id=${id}`,
    "/clients",
    "/clients/new",
    `/client?id=${client}`,
    "/client?id=dashboard",
    "/access",
    `/access?${new URLSearchParams({ person: subject, resource, scope: "notes:read notes:write" })}`,
    "/access?person=nobody&resource=nothing",
    "/flows",
    `/flow?reference=${grant?.reference}`,
    "/audit",
    "/person?subject=gone",
  ];
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

async function anAdministrator(look: Look): Promise<Page> {
  const { locale, colorScheme, width } = look;
  const context = await browser.newContext({ locale, colorScheme, viewport: { width, height: 900 } });
  context.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  const page = await context.newPage();
  await page.goto(`${server.url}/`);
  await page.getByRole("link", { name: look.signIn }).first().click();
  await page.getByRole("link", { name: look.console }).click();
  await page.waitForURL(/\/console$/); // which may ask whether it is still them
  return page;
}

interface Look {
  readonly locale: string;
  readonly colorScheme: "light" | "dark";
  readonly width: number;
  readonly signIn: RegExp;
  readonly console: string;
}

const english = { locale: "en-GB", signIn: /^Sign in with/, console: "Open the console" };
const german = { locale: "de-DE", signIn: /^Anmelden mit/, console: "Konsole öffnen" };
const looks: readonly Look[] = [
  { ...english, colorScheme: "light", width: 1280 },
  { ...german, colorScheme: "dark", width: 390 },
  { ...german, colorScheme: "light", width: 320 },
  { ...english, colorScheme: "dark", width: 768 },
];

test("Z32 every page of the console works without a script, in two languages, at 320 to 1280 pixels, light and dark, and axe finds nothing", async () => {
  for (const look of looks) {
    const page = await anAdministrator(look);
    const words = look.locale === "de-DE" ? consoleGerman : consoleEnglish;
    if (await page.getByRole("link", { name: words.again.go }).isVisible()) {
      assert.deepEqual(await accessibilityErrors(page), []);
      await picture(page, look, "again");
      await page.getByRole("link", { name: words.again.go }).click();
    }
    assert.equal(await page.getByRole("heading", { level: 1 }).innerText(), words.overview.title);
    for (const path of paths) {
      await page.goto(`${server.url}/console${path}`);
      const about = `${path} at ${look.width}, ${look.locale}`;
      assert.equal(await page.getByRole("heading", { level: 1 }).count(), 1, about);
      assert.equal(await page.locator("script, [style]").count(), 0, about);
      assert.deepEqual(await accessibilityErrors(page), [], about);
      const [full = 0, seen = 0] = await page.evaluate<number[]>(
        "[document.documentElement.scrollWidth, innerWidth]",
      );
      assert.ok(full <= seen, `${about}: ${full} pixels wide`);
      await picture(page, look, path.replace(/[^a-z]+/g, "-").slice(0, 24) || "-overview");
    }
    await page.context().close();
  }
  assert.deepEqual(complaints, []);
});

test("an administrator looks for a person, and blocks them, with the keyboard alone", async () => {
  const page = await anAdministrator(looks[0] ?? assert.fail());
  const again = page.getByRole("link", { name: consoleEnglish.again.go });
  if (await again.isVisible()) await again.click();
  await page.getByRole("link", { name: "People", exact: true }).first().click();
  await page.getByLabel(consoleEnglish.people.search).fill("JOAN");
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "joan@example.com" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: consoleEnglish.person.block }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Block joan@example.com?" }).waitFor();
  await page.getByRole("button", { name: "Block", exact: true }).focus();
  await page.keyboard.press("Enter");
  await page.getByText("Blocked since").waitFor();
  const [joan] = await server.store.findAccounts("joan@example.com");
  assert.ok(joan?.blockedAt);
  await page.context().close();
});

test("an administrator invites somebody on a telephone, is shown the link once, and finds the invitation in the list", async () => {
  const page = await anAdministrator(looks[2] ?? assert.fail());
  const { again, invitations: words, people } = consoleGerman;
  const signInAgain = page.getByRole("link", { name: again.go });
  if (await signInAgain.isVisible()) await signInAgain.click();
  await page.getByRole("link", { name: people.title, exact: true }).first().click();
  await page.getByRole("link", { name: people.onlyInvited }).click();
  await page.getByRole("link", { name: words.add }).click();
  await page.getByLabel(words.address).fill("marie@home.example");
  await page.getByLabel(words.lifetime).selectOption("7d");
  await page.getByRole("button", { name: words.invite }).click();
  const link = page.getByText("gatehouse_iv_");
  await link.waitFor();
  assert.deepEqual(await accessibilityErrors(page), []);
  const [full = 0, seen = 0] = await page.evaluate<number[]>(
    "[document.documentElement.scrollWidth, innerWidth]",
  );
  assert.ok(full <= seen, `${full} pixels wide`);
  await page.getByRole("link", { name: consoleGerman.secret.done }).click();
  await page.getByText("marie@home.example").waitFor();
  assert.equal(await link.count(), 0);
  await page.context().close();
});

async function picture(page: Page, { width, locale, colorScheme }: Look, name: string): Promise<void> {
  if (pictures === undefined) return;
  const file = `console${name.startsWith("-") ? "" : "-"}${name}-${width}-${locale.slice(0, 2)}-${colorScheme}.png`;
  await page.screenshot({ path: join(pictures, file), fullPage: true });
}
