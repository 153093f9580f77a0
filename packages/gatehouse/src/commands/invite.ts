import { type Command, Option } from "commander";
import { type Config, loadConfig } from "../config/config.ts";
import { oneLine } from "../oauth/harmless.ts";
import { readGroups } from "../oauth/provisioning/group-names.ts";
import type { Store } from "../oauth/store.ts";
import { formatInstant, type Seconds, seconds } from "../oauth/values.ts";
import { findInvitable, invite, type MailLanguage, mailLanguages } from "../start/invitations.ts";
import {
  agree,
  asJson,
  duration,
  type JsonOption,
  printJson,
  withoutAsking,
  type YesOption,
} from "./options.ts";
import { counted } from "./people-tables.ts";
import { holdingsOf } from "./person.ts";
import { Refusal } from "./refusal.ts";
import type { Shell } from "./shell.ts";
import { changeStore } from "./store.ts";

interface InviteOptions extends JsonOption, YesOption {
  readonly groups?: readonly string[];
  readonly expires: Seconds;
  readonly signOut?: true;
  readonly language: MailLanguage;
}

const minLifetime = 60;
const maxLifetime = 30 * 86_400;

export function addInviteCommands(people: Command, shell: Shell): void {
  people
    .command("invite <email>")
    .description(
      "invite somebody to sign in with a passkey, for whom there is no identity provider: prints the link, or mails it (SMTP_URL); somebody who was invited before gets a new passkey in place of all others",
    )
    .addOption(new Option("--groups <list>", "groups of theirs, separated by commas").argParser(groupsIn))
    .addOption(
      new Option("--expires <duration>", "how long the link is good, from 1m to 30d")
        .argParser(readLifetime)
        .default(seconds(72 * 3600), "72h"),
    )
    .option(
      "--sign-out",
      "end the grants of somebody who had an account, once they use it; says how many and asks",
    )
    .addOption(withoutAsking())
    .addOption(new Option("--language <language>", "of the mail").choices([...mailLanguages]).default("en"))
    .addOption(asJson())
    .action((email: string, options: InviteOptions) => invitePerson(shell, email, options));
  people
    .command("uninvite <email>")
    .description("end the open invitation to this address: its link is of no use any more")
    .addOption(asJson())
    .action((email: string, options: JsonOption) => uninvite(shell, email, options));
}

function invitePerson(shell: Shell, address: string, options: InviteOptions): Promise<void> {
  const { groups = [], expires: lifetime, signOut: endsGrants = false, language, json } = options;
  const config = loadConfig(shell, "command");
  return changeStore(shell, async (store, done) => {
    if (endsGrants) await agreeToEnd(shell, config, store, address, options);
    const about = { email: address, groups, endsGrants, lifetime, language };
    const invited = await invite(config, store, shell, about);
    if ("refused" in invited) throw refusalOf(invited, address);
    const { email, link, expiresAt, replaces, act } = invited;
    await done(act);
    if (json) {
      const mailed = link === undefined;
      return printJson(shell, { email, mailed, link, expires_at: expiresAt, replaces });
    }
    const until = `${formatInstant(expiresAt)} UTC`;
    if (link === undefined) {
      shell.complain(`Mailed to ${oneLine(email)}: a link that is good once, until ${until}.`);
    } else {
      shell.print(link);
      shell.complain(
        `Hand this link to ${oneLine(email)} alone: whoever uses it signs in as them. It is good once, until ${until}.`,
      );
    }
    if (replaces) {
      const grants = endsGrants ? "and so do their apps" : "their apps stay connected (--sign-out ends that)";
      shell.complain(
        `They have an account: once they use it their former passkeys and sessions end, ${grants}.`,
      );
    }
  });
}

/** Somebody who has an account of this server; an invitation of anybody else ends nothing. */
async function agreeToEnd(
  shell: Shell,
  config: Config,
  store: Store,
  email: string,
  options: YesOption,
): Promise<void> {
  const people = await findInvitable(config, store, email);
  if (people.length === 0) return;
  const ended = counted(await holdingsOf(store, people, shell.clock.now()));
  await agree(shell, options, `once ${oneLine(email)} uses the invitation, ${ended} of theirs end`);
}

function uninvite(shell: Shell, email: string, { json }: JsonOption): Promise<void> {
  return changeStore(shell, async (store, done) => {
    if (!(await store.cancelInvitation(email, shell.clock.now()))) {
      throw new Refusal(1, `no invitation to ${oneLine(email)} is open`);
    }
    await done({ name: "invitation_created", reason: "cancelled", detail: `to ${email}` });
    if (json) printJson(shell, { uninvited: email });
    else shell.complain(`Ended the invitation to ${oneLine(email)}.`);
  });
}

function refusalOf(
  refusal: Extract<Awaited<ReturnType<typeof invite>>, { readonly refused: string }>,
  address: string,
): Refusal {
  const email = oneLine(address);
  switch (refusal.refused) {
    case "off":
      return new Refusal(2, "this server has no accounts of its own: set PASSKEYS=on, as for serve");
    case "malformed":
      return new Refusal(2, `${email} is no e-mail address`);
    case "foreign":
      return new Refusal(1, `people with the domain of ${email} sign in through another provider`);
    case "blocked":
      return new Refusal(1, `${email} is blocked: gatehouse people unblock first`);
    case "held": {
      const { provider, issuer } = refusal.holder;
      return new Refusal(
        1,
        `${email} belongs to somebody of the provider ${oneLine(provider)} (${oneLine(issuer)}); gatehouse people release gives the address up`,
      );
    }
  }
}

function groupsIn(text: string): readonly string[] {
  const groups = readGroups(text);
  if (groups !== undefined) return groups;
  throw new Refusal(2, `--groups ${oneLine(text)}: give names separated by commas, such as admins,ops`);
}

function readLifetime(text: string): Seconds {
  const found = duration("--expires")(text);
  if (found >= minLifetime && found <= maxLifetime) return found;
  throw new Refusal(2, `--expires ${oneLine(text)}: from 1m to 30d`);
}
