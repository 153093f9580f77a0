import type { AuditEvent, Events } from "../../oauth/ports.ts";
import { Durations, Tally } from "./histogram.ts";

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

  /** Counts what happens as it is told to the log. */
  counting(events: Events): Events {
    return {
      emit: (event) => {
        this.events.add(event.name);
        const outcome = signInOutcome(event);
        if (outcome !== undefined) this.signIns.add(`${event.provider ?? "default"}\n${outcome}`);
        events.emit(event);
      },
    };
  }
}

function signInOutcome({ name, error }: AuditEvent): string | undefined {
  if (name === "sign_in") return "ok";
  return name === "sign_in_failed" ? (error ?? "failed") : undefined;
}

/** Seconds on a clock that never goes back. */
export const elapsed = (since: number): number => (performance.now() - since) / 1000;
