import type { Command } from "commander";
import { Option } from "commander";
import { oneLine } from "../oauth/harmless.ts";
import type { Client, PreviousSecret } from "../oauth/records.ts";
import { hashSecret } from "../oauth/tokens/secret.ts";
import { after, type Seconds } from "../oauth/values.ts";
import { chooseSecret, tellSecret } from "./client-secret.ts";
import { refuseDeclaredClient } from "./declared.ts";
import { asJson, duration, type JsonOption, printJson } from "./options.ts";
import { Refusal } from "./refusal.ts";
import type { Shell } from "./shell.ts";
import { changeStore } from "./store.ts";
import { formatInstant } from "./table.ts";

interface RotateOptions extends JsonOption {
  readonly keep: Seconds;
  readonly secretStdin?: true;
}

export function addRotateSecretCommand(clients: Command, shell: Shell): void {
  clients
    .command("rotate-secret <id>")
    .description("give a client a new secret; the old one stays good beside it for a while")
    .addOption(
      new Option("--keep <duration>", "how long the old secret stays good, such as 24h; 0: it stops at once")
        .default(86_400, "24h")
        .argParser(duration("--keep")),
    )
    .option(
      "--secret-stdin",
      "read the new secret from the standard input; else one is generated and shown once",
    )
    .addOption(asJson())
    .action((id: string, options: RotateOptions) => rotate(shell, id, options));
}

async function rotate(shell: Shell, id: string, { keep, secretStdin, json }: RotateOptions): Promise<void> {
  const secret = await chooseSecret(shell, secretStdin);
  const until = after(shell.clock.now(), keep);
  const { clearSecret } = await changeStore(shell, async (store, done) => {
    const client = await store.findClient(id);
    if (client === undefined) throw new Refusal(1, `there is no client ${oneLine(id)}`);
    refuseDeclaredClient(client);
    const previous = keep > 0 ? { secretHash: currentHash(client), until } : undefined;
    const next = {
      secretHash: hashSecret(secret),
      // LEGACY: the service before us knows the secret only in clear text, and has to until there is no way
      // back to it.
      clearSecret: client.clearSecret === undefined ? undefined : secret,
    };
    if (!(await store.rotateSecret(client, next, previous))) {
      throw new Refusal(
        1,
        `the secret of client ${id} was changed at this moment: look who did, then run it again`,
      );
    }
    const detail =
      keep > 0 ? `the old one is good until ${formatInstant(until)} UTC` : "the old one has ended";
    await done({ name: "client_credential_rotated", client: id, detail });
    return client;
  });
  const shown = secretStdin ? undefined : secret;
  if (json) {
    const previous_secret_until = keep > 0 ? until : undefined;
    return printJson(shell, { client_id: id, client_secret: shown, previous_secret_until });
  }
  shell.complain(`Rotated the secret of client ${id}.`);
  if (shown !== undefined) tellSecret(shell, "Its new secret", shown);
  shell.complain(
    keep > 0 ? `The old one stays good until ${formatInstant(until)} UTC.` : "The old one has ended.",
  );
  if (clearSecret !== undefined)
    shell.complain(
      "The service before Gatehouse, where it still runs on this database, takes the new one alone.",
    );
}

/** @throws Refusal for a client that has no secret to rotate, or that alone may get another */
function currentHash(client: Client): PreviousSecret["secretHash"] {
  const { clearSecret, dynamicallyRegistered, id } = client;
  const current = clearSecret === undefined ? client.secretHash : hashSecret(clearSecret);
  if (current === undefined) throw new Refusal(1, `client ${id} has no secret`);
  if (dynamicallyRegistered) {
    throw new Refusal(
      1,
      `client ${id} registered itself, and only it can be told a secret: it gets a new one by registering anew`,
    );
  }
  return current;
}
