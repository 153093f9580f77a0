import type { Call } from "../call.ts";

/** An event stream on its way to a client. */
export interface OpenStream {
  readonly call: Call;
  /** Ends it after the event that is under way, at once between two. Again: nothing. */
  end(): void;
}

/** All event streams that are open at the moment. */
export type OpenStreams = Set<OpenStream>;
