import { hostname, userInfo } from "node:os";
import type { Actor } from "../oauth/audit-record.ts";
import { oneLine, withoutSecrets } from "../oauth/harmless.ts";
import type { Shell } from "./shell.ts";

/** The account that a command runs under, as the operating system says. */
export interface OperatorAccount {
  /** Its name; its number where it has none. */
  readonly name: string;
  /** `undefined` where accounts have none. */
  readonly uid: number | undefined;
  readonly host: string;
}

/** By the process's own number: what the environment says of it anybody could have set. */
export function processAccount(): OperatorAccount {
  const uid = process.getuid?.();
  return { name: accountName(uid), uid, host: hostname() };
}

/** In a container there may be no entry for it. */
function accountName(uid: number | undefined): string {
  try {
    return userInfo().username || `uid ${uid}`;
  } catch {
    return uid === undefined ? "unknown" : `uid ${uid}`;
  }
}

/**
 * Who has this command line, as far as that can be known: an account, never a person. Who came to it by
 * `sudo` only says so, and is told as that.
 */
export function operatorOf({ account, environment, command }: Shell): Actor {
  const { name, uid, host } = account();
  const sudo = environment.SUDO_USER?.trim();
  const how = [
    `account on ${host}`,
    ...(uid === undefined ? [] : [`uid ${uid}`]),
    ...(sudo ? [`sudo by ${oneLine(sudo, 64)} (unverified)`] : []),
  ];
  return {
    kind: "operator",
    id: oneLine(name, 100),
    how: how.join(", "),
    ...(command !== undefined && { command }),
  };
}

/** Options whose value is nobody's business, should there be any or somebody make one up. */
const secretOption = /^--?[\w-]*(?:secret|password|passwd|token|credential|key)[\w-]*$/i;
/** Ours among them that take no value. */
const flags = /^--(?:secret-stdin|accept-new-key)$/;
/** What stands before an `@` in a URL, and the values in its query. */
const userInformation = /\/\/[^/@\s]*@/g;
const queryValues = /([?&][^=&\s]*=)[^&\s]*/g;
/** A key, or what looks like one: our names for things are shorter. */
const keyLike = /^[A-Za-z0-9+/_-]{40,}={0,2}$/;

/**
 * A command as the audit trail has it: values that are secret, or may be, are left out.
 * @param args the arguments after the command's name
 */
export function elidedCommand(args: readonly string[]): string {
  const clean = withoutSecrets([]);
  let isSecret = false;
  const shown = args.map((arg) => {
    const [option = "", ...value] = arg.startsWith("-") ? arg.split("=") : [arg];
    const elided = isSecret && !arg.startsWith("-");
    isSecret = secretOption.test(option) && !flags.test(option) && value.length === 0;
    if (elided || keyLike.test(arg)) return "…";
    if (value.length > 0 && secretOption.test(option)) return `${option}=…`;
    return clean(arg.replace(userInformation, "//…@").replace(queryValues, "$1…"));
  });
  return oneLine(["gatehouse", ...shown.map(quoted)].join(" "), 1000);
}

/** As one could type it. */
const quoted = (arg: string) => (/^[\w@%+=:,./…-]+$/.test(arg) ? arg : `'${arg}'`);
