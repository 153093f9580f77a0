/** Told what an operator should know of a database and no operation fails with. */
export type OnNotice = (level: "info" | "warn" | "error", message: string) => void;
