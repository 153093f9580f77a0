import type { Command } from "commander";
import { loadConfig } from "../config/config.ts";
import { oneLine } from "../oauth/harmless.ts";
import type { Identity } from "../oauth/ports.ts";
import {
  type CheckedProvider,
  type ClaimFate,
  type Finding,
  providersToCheck,
} from "../start/provider-check.ts";
import { asJson, type JsonOption, printJson } from "./options.ts";
import { Refusal } from "./refusal.ts";
import type { Shell } from "./shell.ts";
import { formatTable } from "./table.ts";

interface CheckOptions extends JsonOption {
  readonly signIn: boolean;
}

export function addCheckCommand(program: Command, shell: Shell): void {
  const check = program.command("check").description("try what the server depends on, from here");
  check
    .command("provider [name]")
    .description(
      "look at the identity providers, or one: what they publish, their clocks, our secret there, the redirect URI to register; for one, also a test sign-in that shows what becomes of each claim and leaves nothing behind",
    )
    .option("--no-sign-in", "without the test sign-in, which needs a person and a browser")
    .addOption(asJson())
    .action((name: string | undefined, options: CheckOptions) => checkProviders(shell, name, options));
}

async function checkProviders(shell: Shell, name: string | undefined, options: CheckOptions): Promise<void> {
  const all = providersToCheck(loadConfig(shell, "command"), shell, (message) => shell.complain(message));
  const chosen = all.filter((provider) => name === undefined || provider.name === name);
  if (chosen.length === 0) {
    const names = all.map((provider) => provider.name).join(", ");
    throw new Refusal(
      2,
      name === undefined
        ? "no identity provider is configured"
        : `there is no provider ${name}, only ${names}`,
    );
  }
  const checked = [];
  for (const provider of chosen) checked.push({ provider, ...(await provider.examine()) });
  if (options.json) {
    const facts = checked.map(({ provider: { name, title, callbackUrl }, findings, problem }) => ({
      ...{ name, title, redirectUri: callbackUrl, problem },
      findings: findings.map(({ what, good, found }) => ({ what, good, found })),
    }));
    printJson(shell, facts, 2);
  } else {
    for (const { provider, findings, problem } of checked) tell(shell, provider, findings, problem);
  }
  const bad = checked.filter(
    ({ findings, problem }) => problem !== undefined || findings.some(({ good }) => good === false),
  );
  if (bad.length > 0)
    throw new Refusal(1, `cannot be used as it is: ${bad.map(({ provider }) => provider.name).join(", ")}`);
  const [only, ...others] = checked;
  if (only === undefined || options.json || !options.signIn) return;
  if (others.length > 0) return shell.complain("Name one of them for a test sign-in.");
  await trySignIn(shell, only.provider);
}

const marks = { true: "ok", false: "WRONG", undefined: "?" } as const;

function tell(
  shell: Shell,
  { name, title, callbackUrl }: CheckedProvider,
  findings: readonly Finding[],
  problem: string | undefined,
): void {
  const rows = findings.map(({ what, good, found }) => [what, marks[`${good}`], found]);
  if (problem !== undefined) rows.push(["reachable", marks.false, problem]);
  const toRegister = callbackUrl && `${callbackUrl} (register exactly this there)`;
  rows.push(["redirect URI", "", toRegister ?? "none: these are accounts of this server"]);
  shell.print(formatTable([`${name} (${title})`, "", ""], rows, 1000));
}

/** V49: makes no session, no grant and no account, and prints no token. */
async function trySignIn(shell: Shell, provider: CheckedProvider): Promise<void> {
  if (provider.startSignIn === undefined) return;
  const signIn = await provider.startSignIn();
  shell.complain(
    `\nFor a test sign-in open this, as the person to be tried:\n\n  ${signIn.url.href}\n\nAt its end the browser is at ${provider.callbackUrl}?… and shows an error of this server, or that it cannot be reached: both are right, nobody is signed in. Paste the whole address that it is at now; an empty line skips this.`,
  );
  const pasted = (await shell.askLine("> "))?.trim() ?? "";
  if (pasted === "") return shell.complain("No test sign-in was made.");
  if (!URL.canParse(pasted)) throw new Refusal(2, "that is no address; it begins with http");
  const { claims, person, refusal } = await signIn.complete(new URL(pasted));
  if (claims.length > 0) shell.print(claimTable(claims));
  if (person === undefined)
    throw new Refusal(1, `nobody would be signed in: ${oneLine(refusal ?? "", 1000)}`);
  shell.print(`\n${personTable(person)}`);
}

function claimTable(claims: readonly ClaimFate[]): string {
  const places = { idToken: "ID token", userinfo: "userinfo" } as const;
  return formatTable(
    ["FROM", "CLAIM", "VALUE", "WHAT BECOMES OF IT"],
    claims.map(({ place, claim, value, fate }) => [places[place], claim, value, fate]),
  );
}

function personTable({ issuer, subject, email, name, groups }: Identity): string {
  return formatTable(
    ["WOULD SIGN IN", ""],
    [
      ["issuer", issuer],
      ["subject", subject],
      ["address", email === "" ? "none" : email],
      ["name", name ?? "none"],
      [
        "groups",
        groups === undefined
          ? "unknown: rules that need one do not let them in"
          : groups.join(", ") || "none",
      ],
    ],
  );
}
