import { oneLine } from "../oauth/harmless.ts";
import type { KnownAccount } from "../oauth/records.ts";
import type { Holdings } from "../oauth/store/people.ts";
import type { Store } from "../oauth/store.ts";
import { subjectOf } from "../oauth/subject.ts";
import type { Seconds } from "../oauth/values.ts";
import { Refusal } from "./refusal.ts";

/** Whom a command is about: an address, or who a provider says they are. */
export interface Whom {
  readonly email?: string | undefined;
  readonly issuer?: string;
  readonly subject?: string;
}

/**
 * Everybody who last signed in with that address, or the one person that this is.
 * @param orNobody that there is nobody is no fault
 */
export async function findPeople(
  store: Store,
  { email, issuer, subject }: Whom,
  orNobody?: "orNobody",
): Promise<readonly KnownAccount[]> {
  if ((issuer === undefined) !== (subject === undefined)) {
    throw new Refusal(2, "--issuer and --subject belong together");
  }
  if (issuer === undefined || subject === undefined) {
    if (email === undefined) throw new Refusal(2, "give an e-mail address, or --issuer and --subject");
    const people = await store.findAccounts(email);
    if (people.length === 0 && orNobody === undefined) {
      throw new Refusal(1, `nobody signed in here as ${oneLine(email)}`);
    }
    return people;
  }
  if (email !== undefined)
    throw new Refusal(2, "give an e-mail address, or --issuer and --subject, not both");
  const person = await store.findAccount(subjectOf({ issuer, subject }));
  if (person === undefined) {
    throw new Refusal(1, `nobody signed in here whom ${oneLine(issuer)} calls ${oneLine(subject)}`);
  }
  return [person];
}

/**
 * Somebody by subject, or everybody who last signed in with an address.
 * @param otherwise the command that finds those who were turned away, and so have no account
 */
export async function subjectsOf(
  store: Store,
  person: string,
  otherwise: string,
): Promise<readonly string[]> {
  if (person.startsWith("user_")) return [person];
  const people = await findPeople(store, { email: person }, "orNobody");
  if (people.length > 0) return people.map(({ subject }) => subject);
  throw new Refusal(
    1,
    `nobody signed in here as ${oneLine(person)}. Who was turned away has no account: ${otherwise}`,
  );
}

/** What lives of all of theirs together. */
export async function holdingsOf(
  store: Store,
  people: readonly Pick<KnownAccount, "subject">[],
  now: Seconds,
): Promise<Holdings> {
  let sessions = 0;
  const grants: Holdings["grants"][number][] = [];
  for (const { subject } of people) {
    const holdings = await store.findHoldings(subject, now);
    sessions += holdings.sessions;
    grants.push(...holdings.grants);
  }
  return { sessions, grants };
}
