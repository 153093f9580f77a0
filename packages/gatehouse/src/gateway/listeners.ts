import type { Subject } from "../oauth/values.ts";
import { errorCodes, RefusedCallError } from "./refusal.ts";

/**
 * Streams that one person may keep open at one server and process, to hear what happens: more than anybody's
 * editors and windows, and few enough that nobody takes all connections there are.
 */
const maxStreams = 50;

/** Counts them from before the server is asked, so that many at once count as well. */
export function countListeners() {
  const open = new Map<Subject, number>();
  /**
   * Throws 429 for one too many.
   * @returns to be called once it is over
   */
  return (subject: Subject): (() => void) => {
    const count = open.get(subject) ?? 0;
    if (count >= maxStreams) throw tooManyStreams();
    open.set(subject, count + 1);
    return () => {
      const left = (open.get(subject) ?? 1) - 1;
      if (left > 0) open.set(subject, left);
      else open.delete(subject);
    };
  };
}

function tooManyStreams(): RefusedCallError {
  return new RefusedCallError(
    {
      status: 429,
      code: errorCodes.tooManyCalls,
      message: "Too many streams are open.",
      headers: { "Retry-After": "60" },
    },
    `one person has ${maxStreams} streams open`,
    { stage: "limit", budget: "streams" },
  );
}
