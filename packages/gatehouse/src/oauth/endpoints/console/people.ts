import { type ConsolePath, nextPart, rowsAtOnce, show } from "./asked.ts";

/** Everybody who signed in here, or those whose address begins so. @param invites people are invited, too */
export const people = (invites: boolean): ConsolePath => ({
  async get(asked) {
    const { request, services, path } = asked;
    const search = request.query.get("q")?.trim() ?? "";
    const blocked = request.query.get("blocked") === "yes";
    const after = request.query.get("after");
    const which = search === "" ? { ...(blocked && { blocked: true as const }) } : { address: search };
    const { items, next } = await services.store.listPeople(which, { limit: rowsAtOnce, after });
    return show(asked, {
      kind: "people",
      search,
      blocked: blocked && search === "",
      invites,
      people: items,
      next: nextPart(path, { q: search, blocked: blocked ? "yes" : "" }, next),
      isFirst: after === undefined,
    });
  },
});
