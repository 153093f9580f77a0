import { type Command, Option } from "commander";
import { oneLine } from "../oauth/harmless.ts";
import type { EndedHoldings } from "../oauth/store/people.ts";
import { addDisconnectCommand } from "./disconnect.ts";
import { addInviteCommands } from "./invite.ts";
import { agree, asJson, type JsonOption, printJson, withoutAsking, type YesOption } from "./options.ts";
import {
  counted,
  describeHoldings,
  describePasskeys,
  describePeople,
  endedAsJson,
  nameOf,
  originalTokens,
  passkeysAsJson,
  personAsJson,
  printOriginalTokens,
} from "./people-tables.ts";
import { findPeople, holdingsOf, type Whom } from "./person.ts";
import { addReleaseCommand } from "./release.ts";
import type { Shell } from "./shell.ts";
import { changeStore, withStore } from "./store.ts";

type Named = JsonOption & Pick<Whom, "issuer" | "subject">;

export function addPeopleCommand(program: Command, shell: Shell): void {
  const people = program.command("people").description("the people who signed in here");
  people
    .command("list")
    .description("list everybody who signed in here, the newest first")
    .option("--blocked", "only those who are blocked")
    .addOption(asJson())
    .action((options: JsonOption & { readonly blocked?: true }) => list(shell, options));
  const about = (name: string, description: string) =>
    people
      .command(`${name} [email]`)
      .description(description)
      .addOption(
        new Option("--issuer <url>", "with --subject, in place of an address: the provider's issuer"),
      )
      .addOption(new Option("--subject <sub>", "what that provider calls them"))
      .addOption(asJson());
  about("show", "show who last signed in with this address, and what lives of theirs").action(
    (email: string | undefined, options: Named) => show(shell, { email, ...options }, options),
  );
  about(
    "block",
    "end a person's sessions, codes, grants and tokens at once, and let them sign in no more until unblock; says what it ends and asks",
  )
    .addOption(withoutAsking())
    .action((email: string | undefined, options: Named & YesOption) =>
      block(shell, { email, ...options }, options),
    );
  addInviteCommands(people, shell);
  about("unblock", "let a blocked person sign in again; what was ended stays ended").action(
    (email: string | undefined, options: Named) => unblock(shell, { email, ...options }, options),
  );
  about(
    "remove",
    "end the same and forget the person: address, name, groups, approvals; they may sign in again, as somebody new, unless they are blocked; says what it ends and asks",
  )
    .addOption(withoutAsking())
    .action((email: string | undefined, options: Named & YesOption) =>
      remove(shell, { email, ...options }, options),
    );
  addDisconnectCommand(people, shell);
  addReleaseCommand(people, shell);
}

function list(shell: Shell, { blocked, json }: JsonOption & { readonly blocked?: true }): Promise<void> {
  return withStore(shell, async (store) => {
    const all = await store.listAccounts();
    const people = blocked ? all.filter(({ blockedAt }) => blockedAt !== undefined) : all;
    if (json) return printJson(shell, people.map(personAsJson));
    if (people.length === 0)
      return shell.complain(blocked ? "Nobody is blocked." : "Nobody has signed in yet.");
    shell.print(describePeople(people));
  });
}

function show(shell: Shell, whom: Whom, { json }: JsonOption): Promise<void> {
  return withStore(shell, async (store) => {
    const people = await findPeople(store, whom);
    const now = shell.clock.now();
    const known = await Promise.all(
      people.map(async (person) => ({
        person,
        holdings: await store.findHoldings(person.subject, now),
        passkeys: await store.listPasskeys(person.subject),
      })),
    );
    if (json) {
      return printJson(
        shell,
        known.map(({ person, holdings, passkeys }) => ({
          ...personAsJson(person),
          ...endedAsJson(holdings),
          ...passkeysAsJson(passkeys),
        })),
      );
    }
    shell.print(describePeople(people));
    for (const { person, holdings, passkeys } of known) {
      shell.print(`\n${nameOf(person)}: ${describeHoldings(holdings)}${describePasskeys(passkeys)}`);
    }
  });
}

function block(shell: Shell, whom: Whom, options: JsonOption & YesOption): Promise<void> {
  return changeStore(shell, async (store, done) => {
    const people = await findPeople(store, whom);
    const now = shell.clock.now();
    const before = await holdingsOf(store, people, now);
    const names = people.map(nameOf).join(", ");
    await agree(
      shell,
      options,
      `blocking ${names} ends ${counted(before)} and lets them in no more until they are unblocked`,
    );
    const told = [];
    for (const person of people) {
      const ended = await store.blockAccount(person.subject, now);
      if (ended === undefined) continue;
      await done({ name: "person_blocked", subject: person.subject, detail: describeHoldings(ended) });
      told.push({ person, ended });
    }
    // LEGACY, afterwards: none of such tokens is exchanged for a grant any more.
    const original = whom.email === undefined ? 0 : await store.revokeOriginalRefreshTokens(whom.email);
    tellEnded(shell, "blocked", told, original, options);
  });
}

function unblock(shell: Shell, whom: Whom, { json }: JsonOption): Promise<void> {
  return changeStore(shell, async (store, done) => {
    const people = await findPeople(store, whom);
    const unblocked: (typeof people)[number][] = [];
    for (const person of people) {
      if (!(await store.unblockAccount(person.subject))) continue;
      await done({ name: "person_unblocked", subject: person.subject });
      unblocked.push(person);
    }
    if (json) return printJson(shell, { unblocked: unblocked.map(({ subject }) => subject) });
    for (const person of people) {
      shell.complain(
        unblocked.includes(person)
          ? `Unblocked ${nameOf(person)}: they can sign in again, and connect their apps anew.`
          : `${nameOf(person)} was not blocked.`,
      );
    }
  });
}

function remove(shell: Shell, whom: Whom, options: JsonOption & YesOption): Promise<void> {
  return changeStore(shell, async (store, done) => {
    const found = await findPeople(store, whom, "orNobody");
    const before = await holdingsOf(store, found, shell.clock.now());
    const names = found.map(nameOf).join(", ");
    if (found.length > 0) {
      await agree(shell, options, `removing ${names} ends ${counted(before)} and forgets who they are`);
    }
    // LEGACY first: what comes of such a token until then has an account.
    const original = whom.email === undefined ? 0 : await store.revokeOriginalRefreshTokens(whom.email);
    const people = await findPeople(store, whom, original > 0 ? "orNobody" : undefined);
    const told = [];
    for (const person of people) {
      const ended = await store.removeAccount(person.subject);
      if (ended === undefined) continue;
      await done({ name: "person_removed", subject: person.subject, detail: describeHoldings(ended) });
      told.push({ person, ended });
    }
    if (told.length === 0) await done({ name: "person_removed", detail: originalTokens, count: original });
    tellEnded(shell, "removed", told, original, options);
  });
}

function tellEnded(
  shell: Shell,
  done: "blocked" | "removed",
  told: readonly {
    readonly person: Awaited<ReturnType<typeof findPeople>>[number];
    readonly ended: EndedHoldings;
  }[],
  original: number,
  { json }: JsonOption,
): void {
  if (json) {
    const subjects = told.map(({ person }) => person.subject);
    const ended = told.map(({ person, ended }) => ({ subject: person.subject, ...endedAsJson(ended) }));
    printJson(shell, { [done]: subjects, ended, original_refresh_tokens: original });
    return;
  }
  const verb = done === "blocked" ? "Blocked" : "Removed";
  for (const { person, ended } of told) {
    shell.complain(`${verb} ${nameOf(person)}. Ended, with every token: ${describeHoldings(ended)}`);
    if (done === "removed" && person.blockedAt !== undefined) {
      shell.complain(
        `They stay blocked: gatehouse people unblock --issuer ${oneLine(person.issuer)} --subject ${oneLine(person.upstreamSubject)}`,
      );
    }
  }
  printOriginalTokens(shell, original);
}
