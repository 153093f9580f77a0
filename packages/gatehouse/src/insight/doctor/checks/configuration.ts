import { type DoctorCheck, findingsOf } from "../check.ts";

/** How the configuration reads. */
export type ReadConfiguration =
  | {
      readonly settings: number;
      readonly fromFile: number;
      readonly fromEnvironment: number;
    }
  | { readonly problems: readonly ConfigurationProblem[] };

export interface ConfigurationProblem {
  /** `gatehouse.yaml:12:3 sign_in.allowed_domain` */
  readonly name: string;
  readonly found: string;
  readonly expected: string;
}

/** @param read reads file, environment and the files of secrets as the server does */
export function configurationCheck(read: () => ReadConfiguration): DoctorCheck {
  const { ok, fail } = findingsOf("config.valid");
  return {
    id: "config.valid",
    async run() {
      const found = read();
      if (!("settings" in found)) {
        return found.problems.map(({ name, found, expected }) =>
          fail(`\`${name}\` is ${found}.`, `Expected: ${expected}.`),
        );
      }
      const { settings, fromFile, fromEnvironment } = found;
      return ok(
        `The configuration is valid: ${settings} settings, ${fromFile} from the file, ${fromEnvironment} from the environment.`,
      );
    },
  };
}

/** A way to sign in. */
export interface Door {
  /** What people call the provider. */
  readonly title: string;
  /** Whose addresses are let in; undefined: all. */
  readonly domains: readonly string[] | undefined;
  /** Whose members are let in, where the provider has such. */
  readonly organizations: readonly string[] | undefined;
  /** Accounts of this server, for which one is invited. */
  readonly byInvitation: boolean;
  /** What keeps strangers out, where everybody who makes an account there comes in. */
  readonly openMend: string | undefined;
}

/** @param hasRules whether rules of the file say who may sign in */
export function whoCheck(doors: readonly Door[], hasRules: boolean): DoctorCheck {
  const { ok, warn } = findingsOf("config.who");
  return {
    id: "config.who",
    needs: ["config.valid"],
    async run() {
      const open = doors.filter(({ openMend }) => openMend !== undefined);
      if (open.length > 0) {
        return open.map(({ title, openMend }) =>
          warn(
            `Everybody with a ${title} account may sign in.`,
            `To keep strangers out, ${openMend?.replace(/(ALLOWED_DOMAINS)/, "`$1`")}.`,
          ),
        );
      }
      const who = doors.map(describeDoor).join(" ");
      return ok(hasRules ? `Of these, those whom the rules of \`access: sign_in:\` allow: ${who}` : who);
    },
  };
}

function describeDoor({ title, domains, organizations, byInvitation }: Door): string {
  if (byInvitation) return `People who are invited may sign in, with ${title}.`;
  if (organizations !== undefined)
    return `Members of ${organizations.join(", ")} may sign in, with ${title}.`;
  if (domains !== undefined) return `People of ${domains.join(", ")} may sign in, with ${title}.`;
  return `Everybody whom ${title} knows may sign in.`;
}
