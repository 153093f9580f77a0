import { StoreUnavailableError } from "../../oauth/store.ts";

/** Result codes of SQLite, without their extensions. */
const busy = 5;
const constraintViolated = 19;

/** What the operator should know at once. */
const reasons: Readonly<Record<number, string>> = {
  [busy]: "another process is writing for too long",
  8: "it may only be read",
  10: "the disk refuses to read or write it",
  11: "it is damaged",
  13: "the disk is full",
  14: "its file cannot be opened",
  26: "its file is no database",
};

const kinds: Readonly<Record<number, StoreUnavailableError["kind"]>> = { [busy]: "locked", 13: "full" };

export function isBusy(error: unknown): boolean {
  return resultCode(error) === busy;
}

/**
 * Busy, full, broken, closed: the store cannot answer now. A violated constraint or anything not from SQLite
 * is a defect, and stays what it is.
 */
export function unavailable(error: unknown): unknown {
  const code = resultCode(error);
  const isClosed = error instanceof Error && "code" in error && error.code === "ERR_INVALID_STATE";
  if (!isClosed && (code === undefined || code === constraintViolated)) return error;
  const reason = reasons[code ?? -1];
  const message = `the database cannot answer${reason === undefined ? "" : `: ${reason}`}`;
  const check = reason?.startsWith("the disk") ? "disk" : "database";
  return new StoreUnavailableError(message, { cause: error, check, kind: kinds[code ?? -1] ?? "other" });
}

/** SQLite's code of an error, without its extension; `undefined` when it is none of SQLite's. */
export function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error && "code" in error && "errcode" in error)) return undefined;
  if (error.code !== "ERR_SQLITE_ERROR" || typeof error.errcode !== "number") return undefined;
  return error.errcode & 0xff;
}
