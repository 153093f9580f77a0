import type { Finding } from "../check.ts";

/** Where a client gets to, in this order. */
export type Step =
  | "walk.challenge"
  | "walk.discovery"
  | "walk.identify"
  | "walk.authorize"
  | "walk.token"
  | "walk.refresh";

/** Who can mend it. */
export type Whose = "MCP server" | "authorization server" | "client";

/** A client gets no further. */
export class Stopped extends Error {
  override readonly name = "Stopped";
  readonly step: Step;
  readonly mend: string;

  /** @param mend in a sentence for whoever it is */
  constructor(step: Step, finding: string, whose: Whose, mend: string) {
    super(finding);
    this.step = step;
    this.mend = `${heading[whose]}: ${mend}`;
  }
}

const heading: Record<Whose, string> = {
  "MCP server": "The MCP server's author",
  "authorization server": "Whoever runs the authorization server",
  client: "The client's maker",
};

/** It cannot be told from here how far a client gets. */
export class Unwalkable extends Error {
  override readonly name = "Unwalkable";
  readonly step: Step;

  constructor(step: Step, finding: string) {
    super(finding);
    this.step = step;
  }
}

export function passed(id: Step, client: string, finding: string): Finding {
  return { id, result: "ok", finding, client };
}
