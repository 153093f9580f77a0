import type { AccessView } from "../../messages/console-page.ts";
import { type ConsolePath, show } from "./asked.ts";

/** Asks the rules in force. */
export interface TestsAccess {
  /** @param about `scope`, left out: what whoever asks for none gets */
  testAccess(about: {
    readonly person: string;
    readonly resource: string;
    readonly scope: string | undefined;
  }): Promise<NonNullable<AccessView["answer"]>>;
}

/** Whether somebody may use an MCP server, rule by rule. What was asked stands in the address. */
export const access = ({ testAccess }: TestsAccess): ConsolePath => ({
  async get(asked) {
    const { request, services } = asked;
    const typed = (name: string) => request.query.get(name)?.trim() ?? "";
    const question = { person: typed("person"), resource: typed("resource"), scope: typed("scope") };
    const { person, resource, scope } = question;
    const isAsked = person !== "" && resource !== "";
    const servers = await services.store.listResources();
    return show(asked, {
      kind: "access",
      asked: question,
      servers: servers.map(({ identifier, name }) => ({ identifier, name })),
      answer: isAsked ? await testAccess({ person, resource, scope: scope || undefined }) : undefined,
    });
  },
});
