import { type DoctorCheck, type Finding, findingsOf, SkippedCheck } from "../check.ts";

/** How the configured keys go with the database. */
export interface KeyFit {
  /** Whether the server would start with them. */
  readonly fits: boolean;
  /** Live grants that one of them verifies. */
  readonly grants: number;
  /** Live grants whose key is not configured. */
  readonly strangers: number;
  /** Names of the keys that are missing. */
  readonly missing: readonly string[];
}

/** The file of the keys. */
export interface KeyFileLook {
  readonly path: string;
  /** Whether the operator made it, as container platforms do, and not this program. */
  readonly isOperators: boolean;
  /** Permission bits; `undefined` where the system has none. */
  readonly mode: number | undefined;
  /** Whether another account than the one that asks owns it. */
  readonly isOfAnother: boolean;
  /** Names of backups in its folder. */
  readonly backups: readonly string[];
}

export interface DoctorKeys {
  readonly fit: () => Promise<KeyFit>;
  /** Where the keys stand in no file: where they do. */
  readonly file: () => Promise<KeyFileLook | { readonly where: string }>;
  /** What is wrong with the keys themselves, and what mends it; `undefined` for any other error. */
  readonly explain: (error: unknown) => { readonly problem: string; readonly mend: string } | undefined;
}

export function keyChecks({ fit, file, explain }: DoctorKeys): DoctorCheck[] {
  const explained = async (id: string, run: () => Promise<Finding>): Promise<Finding> => {
    try {
      return await run();
    } catch (error) {
      const found = explain(error);
      if (found === undefined) throw error;
      return findingsOf(id).fail(found.problem, found.mend);
    }
  };
  return [
    {
      id: "key.fits",
      needs: ["config.valid", "db.schema"],
      run: () => explained("key.fits", async () => judgeFit(await fit())),
    },
    {
      id: "key.file",
      needs: ["config.valid"],
      run: () => explained("key.file", async () => judgeFile(await file())),
    },
  ];
}

function judgeFit({ fits, grants, strangers, missing }: KeyFit): Finding {
  const { ok, warn, fail } = findingsOf("key.fits");
  const mend = `Give the old key${missing.length === 1 ? "" : "s"} (${missing.join(", ")}) as second in \`SECRET_KEY\`, or below the new one in the key file.`;
  if (!fits) return fail(`No key fits ${live(grants + strangers)}.`, mend);
  if (strangers > 0 && missing.length > 0) {
    return warn(`The key fits, but ${live(strangers)} depend on a key that is not configured.`, mend);
  }
  return ok(`The key fits; ${live(grants)} ${grants === 1 ? "depends" : "depend"} on it.`);
}

const live = (grants: number) => (grants === 1 ? "1 live grant" : `${grants} live grants`);

function judgeFile(look: KeyFileLook | { readonly where: string }): Finding {
  const { ok, warn, fail } = findingsOf("key.file");
  if ("where" in look) throw new SkippedCheck(look.where);
  const { path, isOperators, mode, isOfAnother, backups } = look;
  if (mode !== undefined && (mode & 0o007) !== 0) {
    // Container platforms mount secrets so, where nobody else is.
    const judged = isOperators ? warn : fail;
    return judged("The key file is readable by everybody.", `\`chmod 600 ${path}\``);
  }
  if (backups.length > 0) {
    return warn(
      `Backups (${backups.slice(0, 3).join(", ")}) lie beside the key file: whoever gets the folder has both.`,
      "Keep backups and key apart.",
    );
  }
  if (mode === undefined) return ok("The key file can be read.");
  if ((mode & 0o070) !== 0) return ok("The key file is readable by this user and its group.");
  return ok(`The key file is readable by ${isOfAnother ? "its owner" : "this user"} alone.`);
}
