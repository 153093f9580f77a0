import { z } from "zod";
import { canonicalHost } from "../../oauth/host.ts";
import type { Section } from "./section.ts";

const person = z.strictObject({
  address: z
    .string()
    .regex(/^[^\s@\p{C}]+@[^\s@\p{C}]+$/u, "an e-mail address")
    .max(254)
    .describe("The address that the person was invited with."),
  groups: z
    .array(z.string().regex(/^[^\p{C}]{1,256}$/u, "the name of a group, at most 256 characters"))
    .max(1000)
    .describe("Their groups, besides those of the invitation."),
});

export const peopleSchema = z.array(person);
export type DeclaredPeople = z.output<typeof peopleSchema>;

export const peopleSection: Section<DeclaredPeople> = {
  title: "Groups of people with passkeys",
  meaning:
    "Which groups people are in who sign in with a passkey: the rules of `access:` can name them. It invites nobody: `gatehouse people invite` does. Read again at SIGHUP.",
  schema: peopleSchema,
  example: `sign_in:
  passkeys: on
people:
  - address: ada@example.com
    groups: [admins]
`,
  check(people, { problem, placeOf, settings, sections }) {
    const hasPasskeys =
      settings.PASSKEYS === "on" || (sections.providers ?? []).some(({ kind }) => kind === "passkey");
    if (!hasPasskeys && people.length > 0) {
      problem([], "people", "nothing without passkeys: the groups of others come from their provider");
    }
    const addresses = new Map<string, string>();
    people.forEach(({ address }, index) => {
      const key = addressKey(address);
      const before = addresses.get(key);
      if (before !== undefined) {
        problem([index, "address"], "the same as another", `one that is not at ${before} too`);
      }
      addresses.set(key, placeOf([index, "address"]));
    });
  },
};

/** As two addresses are compared: without regard to case, and the domain in its ASCII form. */
export function addressKey(address: string): string {
  const at = address.lastIndexOf("@");
  const domain = address.slice(at + 1).toLowerCase();
  return `${address.slice(0, at).toLowerCase()}@${canonicalHost(domain) ?? domain}`;
}
