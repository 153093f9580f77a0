import type { IncomingMessage, ServerResponse } from "node:http";
import { errorCodes, RefusedCallError } from "./refusal.ts";

/** Reads bodies, bounded singly and in sum over the whole process. */
export interface Bodies {
  /**
   * The body of a POST as it was sent; held until it is released.
   * @throws RefusedCallError 413 or 503, before or while it arrives; ClientGoneError
   */
  read(request: IncomingMessage, response: ServerResponse): Promise<Buffer>;
  /** Says that a body is no longer held. */
  release(body: Buffer): void;
}

/** The client went away while it was sending: nobody is to be told. */
export class ClientGoneError extends Error {
  override readonly name = "ClientGoneError";
}

const tooLarge = () =>
  new RefusedCallError({ status: 413, code: errorCodes.invalidRequest, message: "The body is too large." });

const tooManyBytes = () =>
  new RefusedCallError(
    {
      status: 503,
      code: errorCodes.tooManyCalls,
      message: "Too much is being sent at once; try again.",
      headers: { "Retry-After": "2" },
    },
    "the bodies of all calls under way are as many bytes as may be held",
  );

/**
 * @param maxBodyBytes of one body
 * @param maxHeldBytes of all that are held, those still arriving too
 */
export function createBodies(maxBodyBytes = 10_000_000, maxHeldBytes = 256 * 1024 * 1024): Bodies {
  let held = 0;
  return {
    read(request, response) {
      return new Promise((resolve, reject) => {
        if (request.destroyed) return reject(new ClientGoneError()); // before anybody listened
        if (Number(request.headers["content-length"] ?? 0) > maxBodyBytes) return reject(tooLarge());
        if (held >= maxHeldBytes) return reject(tooManyBytes());
        // Only now, so that nobody sends a body that is not wanted.
        if (request.headers.expect?.toLowerCase() === "100-continue") response.writeContinue();
        const pieces: Buffer[] = [];
        let length = 0;
        const add = (piece: Buffer) => {
          length += piece.length;
          held += piece.length;
          if (length > maxBodyBytes) fail(tooLarge());
          else if (held > maxHeldBytes) fail(tooManyBytes());
          else pieces.push(piece);
        };
        const done = () => {
          stop();
          const [first] = pieces;
          resolve(pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces, length));
        };
        const left = () => fail(new ClientGoneError());
        const stop = () => request.off("data", add).off("end", done).off("close", left);
        function fail(error: Error) {
          stop();
          held -= length;
          request.resume(); // what else comes is thrown away until the connection ends
          reject(error);
        }
        request.on("data", add).once("end", done).once("close", left);
      });
    },
    release({ length }) {
      held -= length;
    },
  };
}
