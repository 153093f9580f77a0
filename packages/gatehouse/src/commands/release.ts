import type { Command } from "commander";
import { oneLine } from "../oauth/harmless.ts";
import { agree, asJson, type JsonOption, printJson, withoutAsking, type YesOption } from "./options.ts";
import { counted, originalTokens, printOriginalTokens } from "./people-tables.ts";
import { holdingsOf } from "./person.ts";
import { Refusal } from "./refusal.ts";
import type { Shell } from "./shell.ts";
import { changeStore } from "./store.ts";

interface ReleaseOptions extends JsonOption, YesOption {
  readonly allOf?: string;
}

/** Addresses that shall be other people's from now on. */
export function addReleaseCommand(people: Command, shell: Shell): void {
  people
    .command("release [email]")
    .description(
      "take an address away from the person who has it, for another to sign in with it; what is theirs ends, and they stay who they are; says what it ends and asks",
    )
    .option(
      "--all-of <issuer>",
      "in place of an address: everybody's who came from this provider, as when you moved to another one",
    )
    .addOption(withoutAsking())
    .addOption(asJson())
    .action((email: string | undefined, options: ReleaseOptions) => {
      if ((email === undefined) === (options.allOf === undefined)) {
        throw new Refusal(2, "name an address, or --all-of with a provider's issuer");
      }
      if (email !== undefined) return releaseOne(shell, email, options);
      return releaseAll(shell, options.allOf ?? "", options);
    });
}

function releaseOne(shell: Shell, email: string, options: JsonOption & YesOption): Promise<void> {
  return changeStore(shell, async (store, done) => {
    const people = await store.findAccounts(email);
    if (people.length > 0) {
      const ended = counted(await holdingsOf(store, people, shell.clock.now()));
      await agree(shell, options, `releasing ${oneLine(email)} ends ${ended}`);
    }
    const original = await store.revokeOriginalRefreshTokens(email); // LEGACY: known by address alone
    const released = await store.releaseAddress(email);
    if (released.length === 0 && original === 0) {
      throw new Refusal(1, `nobody has the address ${oneLine(email)}`);
    }
    for (const { subject } of released) await done({ name: "address_released", subject });
    if (released.length === 0)
      await done({ name: "address_released", detail: originalTokens, count: original });
    if (options.json) return printJson(shell, { released: released.map(({ subject }) => subject) });
    for (const { subject, issuer, upstreamSubject } of released) {
      shell.complain(
        `${oneLine(email)} is free: ${subject}, who is ${oneLine(upstreamSubject)} at ${oneLine(issuer)}, has no address now, and every session and token of theirs has ended. The next to sign in with it has it.`,
      );
    }
    printOriginalTokens(shell, original);
  });
}

function releaseAll(shell: Shell, issuer: string, options: JsonOption & YesOption): Promise<void> {
  return changeStore(shell, async (store, done) => {
    const people = (await store.listAccounts()).filter((each) => each.issuer === issuer && each.email !== "");
    if (people.length === 0) throw new Refusal(1, `nobody who came from ${oneLine(issuer)} has an address`);
    const whose =
      people.length === 1 ? "the address of 1 person" : `the addresses of ${people.length} people`;
    const ended = counted(await holdingsOf(store, people, shell.clock.now()));
    await agree(shell, options, `releasing ${whose} ends ${ended}`);
    const released: string[] = [];
    for (const { subject, email } of people) {
      if (!(await store.withdrawAddress(subject, email))) continue;
      await done({ name: "address_released", subject });
      released.push(subject);
    }
    if (options.json) return printJson(shell, { released });
    shell.complain(`Released ${released.length === 1 ? "1 address" : `${released.length} addresses`}.`);
  });
}
