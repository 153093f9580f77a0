/**
 * The database is there and will not have us, however long we wait: the password, the account, or the
 * database itself is another one.
 */
export class DatabaseRefusedError extends Error {
  override readonly name = "DatabaseRefusedError";
}
