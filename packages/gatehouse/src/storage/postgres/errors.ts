import { DatabaseError } from "pg";
import { StoreUnavailableError } from "../../oauth/store.ts";
import { WrongVersionError } from "../migration.ts";
import { DatabaseRefusedError } from "../refused.ts";

/**
 * Two transactions were in each other's way and this one was undone: it may simply run again. Serialization
 * failure, deadlock.
 */
export function isConflict(error: unknown): boolean {
  return error instanceof DatabaseError && (error.code === "40001" || error.code === "40P01");
}

/** The row this one refers to does not exist, or not any more. */
export function isDanglingReference(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === "23503";
}

export function isMissingTable(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === "42P01";
}

/**
 * Classes of SQLSTATE after which a connection is of no use: broken, refused, ended in idleness, its
 * statements lost, out of resources, shut down, bugs.
 */
const fatal = /^(?:08|28|25P|26|53|57P|58|XX)/;

/** The server refused one statement; the connection is as good as before. */
export function isStatementError(error: unknown): boolean {
  return error instanceof DatabaseError && !fatal.test(error.code ?? "XX000");
}

/**
 * Classes of SQLSTATE that are a defect of ours: unsupported, cardinality, data, constraint, syntax and
 * names.
 */
const defects = ["0A", "21", "22", "23", "42"];

const diskFull = "53100";

/** What the operator should know at once, by SQLSTATE. */
const reasons: Readonly<Record<string, string>> = {
  "25006": "it may only be read; is it a standby?",
  [diskFull]: "its disk is full",
  "53300": "it has no connection left",
  "57P03": "it is starting up or shutting down",
};

/** What node says of a certificate that it does not take, by its code. */
const unverified =
  /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+|CERT_\w+|ERR_TLS_CERT_ALTNAME_INVALID)$/;

function reasonOf(error: unknown): string | undefined {
  if (error instanceof DatabaseError) return reasons[error.code ?? ""];
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return unverified.test(code)
    ? "its certificate cannot be verified, as every sslmode but no-verify and disable asks (require too): name its authority in SQL_URL with sslrootcert, or with CA_FILE"
    : undefined;
}

/**
 * What no waiting mends of a connection that failed, in a sentence for the operator.
 * @param url which may hold a password: it is never repeated
 * @returns undefined for a server that is merely not up yet, and for whatever else may pass
 */
export function refusal(error: unknown, url: string): DatabaseRefusedError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { host, pathname, username } = new URL(url);
  const server = host === "" ? "the database server" : `the database server at ${host}`;
  const user = username === "" ? "its user" : `the user ${decodeURIComponent(username)}`;
  const refused = (reason: string) => {
    return new DatabaseRefusedError(`${server} ${reason}; correct SQL_URL`, { cause: error });
  };
  // The driver's own, which has no code.
  if (/^SASL: .*client password must be/.test(error.message)) return refused(`wants a password of ${user}`);
  if (!(error instanceof DatabaseError)) return undefined;
  if (error.code === "28P01") return refused(`refuses the password of ${user}`);
  if (error.code === "28000") return refused(`does not let ${user} in`);
  if (error.code === "3D000")
    return refused(`has no database ${decodeURIComponent(pathname.slice(1))}: create it`);
  return undefined;
}

/**
 * What a failed operation throws. Refused, cut off, overloaded, shutting down, too late: the store cannot
 * answer now. A violated constraint or a statement that makes no sense is a defect, and stays what it is.
 */
export function unavailable(error: unknown): unknown {
  const ours = [StoreUnavailableError, WrongVersionError, DatabaseRefusedError, TypeError];
  if (ours.some((kind) => error instanceof kind)) return error;
  if (error instanceof DatabaseError && defects.includes(error.code?.slice(0, 2) ?? "")) return error;
  const reason = reasonOf(error);
  const message = `the database cannot answer${reason === undefined ? "" : `: ${reason}`}`;
  const isFull = error instanceof DatabaseError && error.code === diskFull;
  return new StoreUnavailableError(message, {
    cause: error,
    check: isFull ? "disk" : "database",
    kind: isFull ? "full" : isStatementError(error) ? "other" : "unreachable",
  });
}
