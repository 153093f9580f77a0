import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import type { BackendAnswer, Call } from "../call.ts";
import { codingOf, eventStreamType, fieldOf, mediaType, without } from "../fields.ts";
import { RefusedCallError, unreadableAnswer } from "../refusal.ts";
import { answerFields } from "./answer-fields.ts";
import { decoded } from "./coding.ts";
import type { OpenStreams } from "./open-streams.ts";
import { passEvents } from "./pass-events.ts";
import { passPieces } from "./pass-pieces.ts";
import { type AnswerObserver, type AnswerRewriter, inTurn, type RelayEnd } from "./rewriter.ts";

export interface RelayOptions {
  /** Where its event stream is entered as long as it is open. */
  readonly streams: OpenStreams;
  readonly observer?: AnswerObserver | undefined;
}

const maxReadBytes = 10_000_000;

/**
 * Sends a server's answer on to the client: head and first byte at once, each piece as it comes, never more
 * held than the sockets' buffers. Resolves once it is over. An answer that breaks off breaks the client's
 * off.
 * @throws RefusedCallError as long as nothing has been sent
 */
export async function relay(
  call: Call,
  answer: BackendAnswer,
  response: ServerResponse,
  rewriters: readonly AnswerRewriter[],
  options: RelayOptions,
): Promise<RelayEnd> {
  try {
    return await passOn(call, answer, response, rewriters, options);
  } catch (error) {
    // Nobody reads on, and nobody would hear that it breaks off.
    if (!Buffer.isBuffer(answer.body)) answer.body.destroy();
    throw error;
  }
}

async function passOn(
  call: Call,
  answer: BackendAnswer,
  response: ServerResponse,
  rewriters: readonly AnswerRewriter[],
  { streams, observer }: RelayOptions,
): Promise<RelayEnd> {
  const type = mediaType(fieldOf(answer.fields, "content-type"));
  const isEventStream = type === eventStreamType;
  const coding = codingOf(answer.fields);
  const rewriteFields = inTurn(rewriters.map(({ fields }) => fields));
  const passing = answerFields(answer.fields, isEventStream, call.id);
  const fields = rewriteFields === undefined ? passing : rewriteFields(passing);
  observer?.head?.(answer.status, answer.fields);
  if (isEventStream) {
    const body = decoded(observed(streamOf(answer.body), observer), coding);
    if (body === undefined) throw unreadable(`an event stream in the coding ${coding}`);
    begin(response, answer.status, fields);
    return passEvents(call, body, response, inTurn(rewriters.map(({ event }) => event)), streams);
  }
  // What claims to be something else is read all the same where it is the answer.
  const rewriteJson =
    isJson(type) || isGood(answer.status) ? inTurn(rewriters.map(({ json }) => json)) : undefined;
  if (rewriteJson !== undefined) {
    const body = decoded(observed(streamOf(answer.body), observer), coding);
    if (body === undefined) throw unreadable(`an answer in the coding ${coding}`);
    const rewritten = rewriteJson(await readWhole(body));
    const length = String(rewritten.length);
    const left = without(without(without(fields, "content-encoding"), "content-length"), "etag");
    begin(response, answer.status, [...left, "Content-Length", length]);
    return passPieces(rewritten, response);
  }
  begin(response, answer.status, fields);
  return passPieces(observed(answer.body, observer), response);
}

function begin(response: ServerResponse, status: number, fields: readonly string[]): void {
  // 204 has no body, and some readers would wait for one of which a length is said (RFC 9110 §8.6).
  const sent = status === 204 ? without(fields, "content-length") : [...fields];
  try {
    response.writeHead(status, sent);
  } catch (cause) {
    throw unreadable("a header field that is none", { cause });
  }
}

const isGood = (status: number) => status >= 200 && status < 300;

function isJson(type: string): boolean {
  return type === "application/json" || type.endsWith("+json");
}

function streamOf(body: Readable | Buffer): Readable {
  return Buffer.isBuffer(body) ? Readable.from([body], { objectMode: false }) : body;
}

function observed<Body extends Readable | Buffer>(body: Body, observer: AnswerObserver | undefined): Body {
  if (observer?.piece === undefined) return body;
  if (Buffer.isBuffer(body)) observer.piece(body);
  else (body as Readable).on("data", observer.piece).pause();
  return body;
}

async function readWhole(body: Readable): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    for await (const piece of body as AsyncIterable<Buffer>) {
      length += piece.length;
      if (length > maxReadBytes) throw unreadable(`more than ${maxReadBytes} bytes`);
      pieces.push(piece);
    }
  } catch (cause) {
    throw cause instanceof RefusedCallError ? cause : unreadable(`read body: ${String(cause)}`, { cause });
  } finally {
    body.destroy();
  }
  return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
}

function unreadable(debug: string, options: { cause?: unknown } = {}): RefusedCallError {
  return new RefusedCallError(unreadableAnswer, debug, options);
}
