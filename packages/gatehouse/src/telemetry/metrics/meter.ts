import type { AuditEvent, AuditedToolCall, Events } from "../../oauth/ports.ts";
import { ClosedList, other } from "./closed.ts";
import { callBounds, Durations, Tally } from "./histogram.ts";

/** What is counted by itself; the rest is `other`. With all of it a process has under 3,000 series (Z27). */
const max = { providers: 12, servers: 20, tools: 1000, toolSeries: 200 };

/** The values that labels may have. */
export interface LabelValues {
  /** Of answers. */
  readonly outcomes: readonly string[];
  readonly limits: readonly string[];
  readonly providers: readonly string[];
  /** What may come of a sign-in. */
  readonly signIns: readonly string[];
}

/** Notes an answer: how it ended, and how many seconds it took. */
export type MeasureAnswer = (outcome: string, seconds: number) => void;

/**
 * What is counted while requests are served: additions in memory, with nothing of the library that writes
 * them out when somebody asks. Every label's values come from lists of ours, never from a request.
 */
export class Meter {
  /** By endpoint; the outcome is `ok`, the code of an error, or `other`. */
  readonly answers = new Map<string, { readonly outcomes: Tally; readonly durations: Durations }>();
  readonly pages = new Tally();
  readonly limits = new Tally();
  readonly events = new Tally();
  /** By provider and outcome, with a line break in between. */
  readonly signIns = new Tally();
  /** Calls of tools through the door: by server, tool and outcome, with line breaks in between. */
  readonly calls = new Tally();
  /** By server. */
  readonly callDurations = new Map<string, Durations>();
  readonly providers = new Map<string, Durations>();
  readonly store = new Map<string, Durations>();
  readonly #outcomes: ClosedList;
  readonly #limits: ClosedList;
  readonly #providers: ClosedList;
  readonly #signIns: ClosedList;
  readonly #servers = new ClosedList([], max.servers);
  /** Tools that a server has listed: server and tool, with a line break in between. */
  readonly #tools = new ClosedList([], max.tools);
  /** Those of `calls` that name a tool. */
  #toolSeries = 0;

  constructor(known: LabelValues) {
    this.#outcomes = new ClosedList(known.outcomes);
    this.#limits = new ClosedList(known.limits);
    this.#providers = new ClosedList(known.providers, max.providers);
    this.#signIns = new ClosedList(known.signIns);
  }

  /** As a label has it. */
  provider(name: string): string {
    return this.#providers.of(name);
  }

  /** As a label has it. @param name of a server that the operator declares */
  server(name: string): string {
    this.#servers.admit(name);
    return this.#servers.of(name);
  }

  /** Told what a server says that it has. */
  listed(server: string, tools: readonly string[]): void {
    for (const tool of tools) this.#tools.admit(`${server}\n${tool}`);
  }

  /** @param endpoint its path below the issuer, or a name for what is none */
  measure(endpoint: string): MeasureAnswer {
    const outcomes = new Tally();
    const durations = new Durations();
    const known = this.answers.get(endpoint) ?? { outcomes, durations };
    this.answers.set(endpoint, known);
    return (outcome, seconds) => {
      known.outcomes.add(this.#outcomes.of(outcome));
      known.durations.add(seconds);
    };
  }

  /** A name that the server never listed is one of the client's making: all of those are one. */
  #countCall({ server: name, tool, outcome, milliseconds }: AuditedToolCall): void {
    const server = this.server(name);
    this.calls.add(
      this.#callKey(server, this.#tools.of(`${name}\n${tool}`) === other ? other : tool, outcome),
    );
    const durations = this.callDurations.get(server) ?? new Durations(callBounds);
    this.callDurations.set(server, durations);
    durations.add(milliseconds / 1000);
  }

  #callKey(server: string, tool: string, outcome: string): string {
    const key = `${server}\n${tool}\n${outcome}`;
    if (tool === other || server === other) return `${server}\n${other}\n${outcome}`;
    if (this.calls.read().has(key)) return key;
    if (this.#toolSeries >= max.toolSeries) return `${server}\n${other}\n${outcome}`;
    this.#toolSeries++;
    return key;
  }

  /** Counts what happens as it is told to the log. */
  counting(events: Events): Events {
    const count = (event: AuditEvent) => {
      this.events.add(event.name);
      const outcome = signInOutcome(event);
      if (outcome !== undefined) {
        const provider = this.provider(event.provider ?? "default");
        this.signIns.add(`${provider}\n${this.#signIns.of(outcome)}`);
      }
      if (event.name === "limit_reached") this.limits.add(this.#limits.of(event.reason ?? other));
      if (event.call !== undefined) this.#countCall(event.call);
    };
    return {
      emit(event) {
        count(event);
        events.emit(event);
      },
      record(event) {
        count(event);
        return events.record(event);
      },
    };
  }
}

function signInOutcome({ name, error }: AuditEvent): string | undefined {
  if (name === "sign_in") return "ok";
  const ended = name === "sign_in_failed" || name === "sign_in_denied" || name === "sign_in_cancelled";
  return ended ? (error ?? "failed") : undefined;
}

/** Seconds on a clock that never goes back. */
export const elapsed = (since: number): number => (performance.now() - since) / 1000;
