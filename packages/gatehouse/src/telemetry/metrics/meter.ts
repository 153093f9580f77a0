import type { AuditEvent, AuditedToolCall, Events } from "../../oauth/ports.ts";
import { Durations, Tally } from "./histogram.ts";

/** Of all servers; the rest are `other`. */
const maxTools = 100;

/** Notes an answer: how it ended, and how many seconds it took. */
export type MeasureAnswer = (outcome: string, seconds: number) => void;

/**
 * What is counted while requests are served: additions in memory, with nothing of the library that writes
 * them out when somebody asks. Every label's values come from lists of ours, never from a request.
 */
export class Meter {
  /** By endpoint; the outcome is `ok`, the code of an error, or a status. */
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
  /** Tools that have been called with success: server and tool, with a line break in between. */
  readonly #tools = new Set<string>();
  readonly providers = new Map<string, Durations>();
  readonly store = new Map<string, Durations>();

  /** @param endpoint its path below the issuer, or a name for what is none */
  measure(endpoint: string): MeasureAnswer {
    const outcomes = new Tally();
    const durations = new Durations();
    const known = this.answers.get(endpoint) ?? { outcomes, durations };
    this.answers.set(endpoint, known);
    return (outcome, seconds) => {
      known.outcomes.add(outcome);
      known.durations.add(seconds);
    };
  }

  /** A name that no tool answers to is one of the client's making: all of those are one. */
  #countCall({ server, tool, outcome, milliseconds }: AuditedToolCall): void {
    const name = `${server}\n${tool}`;
    if ((outcome === "ok" || outcome === "tool_error") && this.#tools.size < maxTools) this.#tools.add(name);
    this.calls.add(`${this.#tools.has(name) ? name : `${server}\nother`}\n${outcome}`);
    const durations = this.callDurations.get(server) ?? new Durations();
    this.callDurations.set(server, durations);
    durations.add(milliseconds / 1000);
  }

  /** Counts what happens as it is told to the log. */
  counting(events: Events): Events {
    const count = (event: AuditEvent) => {
      this.events.add(event.name);
      const outcome = signInOutcome(event);
      if (outcome !== undefined) this.signIns.add(`${event.provider ?? "default"}\n${outcome}`);
      if (event.name === "limit_reached") this.limits.add(event.reason ?? "other");
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
