import type { BackendAnswer, Call } from "../call.ts";
import { errorCodes, RefusedCallError } from "../refusal.ts";
import { type JsonMessage, readMessage } from "./message.ts";
import { type Accepted, acceptedBy, createReply, emptyAnswer } from "./reply.ts";
import type { RunningChild } from "./running-child.ts";
import { elementsOf } from "./spans.ts";
import type { Timers } from "./timers.ts";

/** An answer that takes longer becomes a stream, which can be kept alive on its way to the client. */
const wholeAnswerMs = 10_000;

/** The messages of a POST. @throws RefusedCallError when one is none */
export function messagesOf({ body }: Call): readonly JsonMessage[] {
  const json = body ?? Buffer.alloc(0);
  const elements = elementsOf(json) ?? [json];
  return elements.map((element) => {
    const message = readMessage(element);
    if (message === undefined) throw new RefusedCallError(noMessage);
    return message;
  });
}

/** What the client takes. @throws RefusedCallError when it takes nothing that we have */
export function acceptedOf({ request }: Call): Accepted {
  const accepted = acceptedBy(request.headers.accept);
  if (!accepted.json && !accepted.events) throw new RefusedCallError(notAcceptable);
  return accepted;
}

/**
 * Sends a POST's messages to a child and resolves with the answer once it has begun.
 * @param owner whose requests they are, where several clients share the child
 */
export function exchange(
  { routing, use }: RunningChild,
  call: Call,
  messages: readonly JsonMessage[],
  owner: string,
  timers: Timers,
): Promise<BackendAnswer> {
  use();
  const expected = messages.filter(({ kind }) => kind === "request").length;
  if (expected === 0) {
    for (const message of messages) routing.forward(message, owner);
    return Promise.resolve(emptyAnswer(202));
  }
  const accepted = acceptedOf(call);
  let cancelTimer = timers.after(wholeAnswerMs, whenSlow);
  const leave = () => {
    cancelTimer();
    call.signal.removeEventListener("abort", leave);
    routing.leave(reply);
    reply.abandon();
    use();
  };
  const reply = createReply(accepted, expected, leave);
  call.signal.addEventListener("abort", leave);

  function whenSlow(): void {
    // A child that has not answered yet may turn out to answer nothing, which a stream could not tell.
    if (routing.hasAnswered()) reply.beginStream();
    else cancelTimer = timers.after(wholeAnswerMs, whenSlow);
  }

  try {
    for (const message of messages) {
      if (message.kind === "request") routing.request(message, owner, reply);
      else routing.forward(message, owner);
    }
  } catch (error) {
    leave();
    throw error;
  }
  return reply.begun;
}

const noMessage = {
  status: 400,
  code: errorCodes.parse,
  message: "The body is no JSON-RPC message.",
} as const;

const notAcceptable = {
  status: 406,
  code: errorCodes.invalidRequest,
  message: "The client must accept application/json and text/event-stream.",
} as const;
