import { type ConsoleHandler, show } from "./asked.ts";

/** How much there is, how it stands, and what happened lately. */
export function overview({ version }: { readonly version: string }): ConsoleHandler {
  return async (asked) => {
    const { clock, store, checks } = asked.services;
    const inventory = await store.countEverything(clock.now());
    return show(asked, { kind: "overview", version, inventory, checks: await checks() });
  };
}
