import type { Command } from "commander";
import { lastUse } from "../oauth/authorization/connected-apps.ts";
import { oneLine } from "../oauth/harmless.ts";
import type { Grant } from "../oauth/records.ts";
import type { Store } from "../oauth/store.ts";
import { formatInstant, type GrantId } from "../oauth/values.ts";
import { agree, asJson, type JsonOption, printJson, withoutAsking, type YesOption } from "./options.ts";
import { findPeople } from "./person.ts";
import { Refusal } from "./refusal.ts";
import type { Shell } from "./shell.ts";
import { changeStore, withStore } from "./store.ts";
import { formatTable } from "./table.ts";

export function addGrantsCommand(program: Command, shell: Shell): void {
  const grants = program
    .command("grants")
    .description("what people have allowed: a grant for each installation of an app");
  grants
    .command("list <email>")
    .description("list what lives of the person with this address, the newest first")
    .addOption(asJson())
    .action((email: string, options: JsonOption) => list(shell, email, options));
  grants
    .command("show <id>")
    .description("show one grant")
    .addOption(asJson())
    .action((id: string, options: JsonOption) => show(shell, id, options));
  grants
    .command("revoke <id>")
    .description("end one grant with every token of it; says whose it is and asks")
    .addOption(withoutAsking())
    .addOption(asJson())
    .action((id: string, options: JsonOption & YesOption) => revoke(shell, id, options));
}

function list(shell: Shell, email: string, { json }: JsonOption): Promise<void> {
  return withStore(shell, async (store) => {
    const people = await findPeople(store, { email });
    const now = shell.clock.now();
    const all = await Promise.all(people.map(({ subject }) => store.findHoldings(subject, now)));
    const newest = all.flatMap((holdings) => holdings.grants).toSorted((a, b) => b.createdAt - a.createdAt);
    const grants = await withUses(store, newest);
    if (json) return printJson(shell, grants.map(grantAsJson));
    if (grants.length === 0) return shell.complain(`No app is connected to ${oneLine(email)}.`);
    shell.print(
      formatTable(
        ["GRANT", "APP", "MCP SERVER", "SCOPE", "SINCE", "RENEWED", "USED", "FROM", "ENDS"],
        grants.map((grant) => [
          grant.id,
          grant.clientId,
          grant.resource ?? "",
          grant.scope,
          ...[grant.createdAt, grant.rotatedAt, grant.usedAt].map(formatInstant),
          grant.address ?? "",
          formatInstant(grant.expiresAt),
        ]),
      ),
    );
  });
}

function show(shell: Shell, id: string, { json }: JsonOption): Promise<void> {
  return withStore(shell, async (store) => {
    const found = await requireGrant(shell, store, id);
    const grant = { ...found, ...lastUse(found, (await store.findUses([found.id])).get(found.id)) };
    if (json) return printJson(shell, grantAsJson(grant));
    const facts = Object.entries({
      grant: grant.id,
      person: grant.email || grant.subject,
      subject: grant.subject,
      app: grant.clientId,
      "MCP server": grant.resource ?? "any",
      scope: grant.scope,
      since: formatInstant(grant.createdAt),
      renewed: formatInstant(grant.rotatedAt),
      used: formatInstant(grant.usedAt),
      from: grant.address ?? "",
      ends: formatInstant(grant.expiresAt),
      reference: grant.reference ?? "",
    });
    shell.print(facts.map(([name, value]) => `${name.padEnd(11)} ${oneLine(value)}`).join("\n"));
  });
}

function revoke(shell: Shell, id: string, options: JsonOption & YesOption): Promise<void> {
  return changeStore(shell, async (store, done) => {
    const grant = await requireGrant(shell, store, id);
    const who = oneLine(grant.email || grant.subject);
    await agree(shell, options, `revoking it disconnects ${oneLine(grant.clientId)} from ${who}`);
    const revoked = await store.revokeGrant(grant.id);
    const { subject, clientId: client, resource, reference: attempt } = grant;
    if (revoked) await done({ name: "grant_revoked", grant: grant.id, subject, client, resource, attempt });
    if (options.json) return printJson(shell, { revoked: revoked ? [grant.id] : [] });
    shell.complain(
      `Disconnected ${oneLine(grant.clientId)} from ${who}: its tokens are refused from now on.`,
    );
  });
}

async function requireGrant(shell: Shell, store: Store, id: string): Promise<Grant> {
  const grant = await store.findGrant(id as GrantId, shell.clock.now());
  if (grant === undefined)
    throw new Refusal(1, `no grant ${oneLine(id)} lives: gatehouse grants list <email>`);
  return grant;
}

/** With when each was used last, right to ten minutes, and from where it was last asked for tokens. */
async function withUses(store: Store, grants: readonly Grant[]) {
  const uses = await store.findUses(grants.map(({ id }) => id));
  return grants.map((grant) => ({ ...grant, ...lastUse(grant, uses.get(grant.id)) }));
}

type UsedGrant = Awaited<ReturnType<typeof withUses>>[number];

const grantAsJson = (grant: UsedGrant): Record<string, unknown> => ({
  grant: grant.id,
  subject: grant.subject,
  email: grant.email,
  client: grant.clientId,
  resource: grant.resource,
  scope: grant.scope,
  created_at: grant.createdAt,
  renewed_at: grant.rotatedAt,
  used_at: grant.usedAt,
  address: grant.address,
  expires_at: grant.expiresAt,
  reference: grant.reference,
});
