import type { Command } from "commander";
import type { GrantId } from "../oauth/values.ts";
import { agree, asJson, type JsonOption, printJson, withoutAsking, type YesOption } from "./options.ts";
import { nameOf } from "./people-tables.ts";
import { findPeople } from "./person.ts";
import { Refusal } from "./refusal.ts";
import type { Shell } from "./shell.ts";
import { changeStore } from "./store.ts";
import { several } from "./table.ts";

interface DisconnectOptions extends JsonOption, YesOption {
  readonly app?: string;
}

export function addDisconnectCommand(people: Command, shell: Shell): void {
  people
    .command("disconnect <email>")
    .description("end what a person's apps may do for them; they stay signed in, and may connect them again")
    .option("--app <client>", "only those of this client's identifier")
    .addOption(withoutAsking())
    .addOption(asJson())
    .action((email: string, options: DisconnectOptions) => disconnect(shell, email, options));
}

function disconnect(shell: Shell, email: string, options: DisconnectOptions): Promise<void> {
  return changeStore(shell, async (store, done) => {
    const people = await findPeople(store, { email });
    const [person, ...others] = people;
    if (person === undefined || others.length > 0) {
      const who = people.map(({ subject, issuer }) => `${subject} (${issuer})`).join(", ");
      throw new Refusal(1, `several people have had this address, and nothing was changed: ${who}`);
    }
    const { grants } = await store.findHoldings(person.subject, shell.clock.now());
    const ending = grants.filter(({ clientId }) => options.app === undefined || clientId === options.app);
    if (ending.length === 0) throw new Refusal(1, `no such app is connected to ${nameOf(person)}`);
    await agree(shell, options, `this disconnects ${several(ending.length, "app")} from ${nameOf(person)}`);
    const ended: GrantId[] = [];
    for (const { id } of ending) if (await store.revokeGrant(id)) ended.push(id);
    const { subject } = person;
    const about = { client: options.app, count: ended.length, detail: `grants ${ended.join(" ")}` };
    await done({ name: "person_disconnected", subject, ...about });
    if (options.json) return printJson(shell, { subject: person.subject, revoked: ended });
    shell.complain(`Disconnected ${several(ended.length, "app")} from ${nameOf(person)}.`);
  });
}
