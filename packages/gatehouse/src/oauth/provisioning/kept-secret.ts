import { formatInstant, type Seconds } from "../values.ts";

/** What the audit trail says of a secret that was replaced. @param until when it stays good; not at all */
export const tellKept = (until: Seconds | undefined): string =>
  until === undefined ? "the old one has ended" : `the old one is good until ${formatInstant(until)} UTC`;
