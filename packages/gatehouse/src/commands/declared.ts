import type { Client, Declared } from "../oauth/records.ts";
import { formatInstant } from "../oauth/values.ts";
import { Refusal } from "./refusal.ts";

/** The no to whoever would change by a command what a file declares. @param what `the client x` */
export function declaredElsewhere(what: string, { place, leftAt }: Declared): Refusal {
  return new Refusal(
    1,
    leftAt === undefined
      ? `${what} is declared at ${place}: change it there, and have the server read it again (SIGHUP)`
      : `${what} was declared at ${place}, and left the file: it goes by itself within a day, or comes back with the file`,
  );
}

/** Where a file declares it, in a table. */
export function describePlace({ place, leftAt }: Declared): string {
  return leftAt === undefined ? place : `${place}, left ${formatInstant(leftAt)}`;
}

/** Throws for a client that a file declares. */
export function refuseDeclaredClient({ id, declared }: Client): void {
  if (declared !== undefined) throw declaredElsewhere(`the client ${id}`, declared);
}
