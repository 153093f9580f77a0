import type { Command } from "commander";
import type { Account } from "../oauth/records.ts";
import type { Store } from "../oauth/store.ts";
import { asJson, type JsonOption } from "./options.ts";
import { Refusal } from "./refusal.ts";
import type { Shell } from "./shell.ts";
import { changeStore, withStore } from "./store.ts";
import { formatTable } from "./table.ts";

export function addPeopleCommand(program: Command, shell: Shell): void {
  const people = program.command("people").description("the people who signed in here");
  people
    .command("show <email>")
    .description("show the accounts that last signed in with this address")
    .addOption(asJson())
    .action((email: string, { json }: JsonOption) =>
      withStore(shell, async (store) => shell.print(describe(await find(store, email), json))),
    );
  people
    .command("remove <email>")
    .description(
      "end a person's sessions, approvals and tokens at once; to keep them out, close their account at the identity provider",
    )
    .addOption(asJson())
    .action((email: string, { json }: JsonOption) =>
      changeStore(shell, async (store) => {
        // LEGACY first: what comes of such a token until then has an account.
        const tokens = await store.revokeOriginalRefreshTokens(email);
        const accounts = tokens > 0 ? await store.findAccounts(email) : await find(store, email);
        for (const { subject } of accounts) await store.removeAccount(subject);
        const subjects = accounts.map(({ subject }) => subject);
        if (json) {
          const original_refresh_tokens = tokens === 0 ? undefined : tokens;
          return shell.print(JSON.stringify({ removed: subjects, original_refresh_tokens }));
        }
        if (subjects.length > 0)
          shell.print(
            `Removed ${subjects.join(", ")}: every session, approval and token of theirs has ended.`,
          );
        if (tokens > 0)
          shell.print(
            `Ended ${tokens === 1 ? "1 refresh token" : `${tokens} refresh tokens`} of the service before Gatehouse.`,
          );
      }),
    );
}

async function find(store: Store, email: string): Promise<Account[]> {
  const accounts = await store.findAccounts(email);
  if (accounts.length === 0) throw new Refusal(1, `nobody signed in here as ${email}`);
  return accounts;
}

function describe(accounts: readonly Account[], json: true | undefined): string {
  if (json) {
    return JSON.stringify(
      accounts.map(({ subject, email, issuer, upstreamSubject }) => ({
        subject,
        email,
        issuer,
        upstream_subject: upstreamSubject,
      })),
    );
  }
  const rows = accounts.map(({ email, subject, issuer, upstreamSubject }) => [
    email,
    subject,
    issuer,
    upstreamSubject,
  ]);
  return formatTable(["E-MAIL", "SUBJECT", "ISSUER", "THEIR SUB THERE"], rows);
}
