import type { IncomingMessage, ServerResponse } from "node:http";
import type { Logger } from "pino";
import type { Bearer, FindBearer } from "../oauth/grants/bearer.ts";
import type { Access, Clock, Events } from "../oauth/ports.ts";
import type { BudgetStore } from "../oauth/store/budgets.ts";
import { StoreUnavailableError } from "../oauth/store.ts";
import { type AuditedCall, createCallAudit } from "./audit/call-audit.ts";
import { createToolLists, type OnToolsListed } from "./audit/listed-tools.ts";
import { type Bodies, ClientGoneError } from "./body.ts";
import { type Backend, type Call, type CallTracing, sendTraced } from "./call.ts";
import { createChallenges } from "./challenge.ts";
import { createEdge } from "./edge/edge.ts";
import { fewLines } from "./edge/few-lines.ts";
import { createForwardedFields } from "./edge/forwarded-fields.ts";
import { createOutgoingFields } from "./identity/outgoing-fields.ts";
import { createCallerSigning } from "./identity/signing.ts";
import { createCallLimits } from "./limits.ts";
import { countListeners } from "./listeners.ts";
import { type Asked, idToAnswer } from "./messages/asked.ts";
import { judge, judgeBodiless } from "./messages/judge.ts";
import { createPermissions } from "./permissions/permissions.ts";
import type { ProtectedServer } from "./protected-server.ts";
import { RefusedCallError, writeAnswer, writeRefusal } from "./refusal.ts";
import type { OpenStreams } from "./relay/open-streams.ts";
import { relay } from "./relay/relay.ts";
import { readAnswers } from "./relay/rewriter.ts";
import { createSessions } from "./sessions/sessions.ts";
import { isListening } from "./streams.ts";
import { authenticate } from "./token.ts";

/** What doors are handed. */
export interface GatewayServices {
  readonly issuer: string;
  /** The authorization server's metadata, as JSON text. */
  readonly metadata: string;
  readonly findBearer: FindBearer;
  /** The operator's rules in force; `undefined`: there are none. */
  readonly access: () => Access | undefined;
  /** Whether people come from several identity providers, so that groups have to say whose they are. */
  readonly severalProviders: () => boolean;
  /** Counts calls for all processes together. */
  readonly budgets: BudgetStore;
  /** What session ids are sealed and assertions signed with: the first makes, all verify. */
  readonly secretKeys: readonly [Buffer, ...Buffer[]];
  readonly events: Events;
  readonly clock: Clock;
  readonly log: Pick<Logger, "warn" | "info" | "error">;
  /** Tells of calls in spans; undefined: nobody is told. */
  readonly spans?: CallTracing | undefined;
  /** Told which tools a server says that it has; undefined: nobody counts them. */
  readonly onToolsListed?: OnToolsListed | undefined;
  readonly bodies: Bodies;
  /** Every event stream that is open at one of this process's doors. */
  readonly streams: OpenStreams;
}

/** One protected server's door: answers one request, the steps in their order. Rejects only for a defect. */
export type Door = (
  request: IncomingMessage,
  response: ServerResponse,
  origin: { readonly id: string; readonly address: string; readonly isThroughProxy: boolean },
) => Promise<void>;

export function createDoor(server: ProtectedServer, backend: Backend, services: GatewayServices): Door {
  const { findBearer, log, bodies, spans } = services;
  const edge = createEdge(server);
  const forwardedFields = createForwardedFields(server);
  const { signerFor } = createCallerSigning(services.secretKeys, services);
  const outgoing = createOutgoingFields(server, { ...services, signCaller: signerFor(server) });
  const challenges = createChallenges(server, services.issuer, services.access);
  const permissions = createPermissions(server, challenges, services.access);
  const sessions = createSessions(server, services);
  const audited = createCallAudit(server, services.events);
  const listed = createToolLists(server, services.clock, services.onToolsListed);
  const listens = countListeners();
  const takeFromLimits = createCallLimits(server, services.budgets, services.clock);
  const mayTellOfStrangers = fewLines(services.clock);
  const lacksBaseScope = ({ scopes }: Bearer) => server.baseScopes.some((scope) => !scopes.includes(scope));
  return async (request, response, { id, address, isThroughProxy }) => {
    spans?.came(server);
    const gone = new AbortController();
    let isOver = false;
    response.once("close", () => {
      if (!isOver) gone.abort(clientGone); // which is dear
    });
    request.socket.setKeepAlive(true, keepAliveMs, keepAliveIntervalMs, keepAliveCount);
    let known: Bearer | undefined;
    let asked: Asked | undefined;
    let body: Buffer | undefined;
    let tools: AuditedCall | undefined;
    let stopsListening: (() => void) | undefined;
    try {
      const preflight = edge(request, response);
      if (preflight !== undefined) return writeAnswer(response, id, preflight);
      const bearer = await authenticate(request, server, challenges, findBearer);
      if ("status" in bearer) return writeAnswer(response, id, bearer);
      known = bearer;
      if (lacksBaseScope(bearer)) throw challenges.insufficientScope(bearer, server.baseScopes);
      body = request.method === "POST" ? await bodies.read(request, response) : undefined;
      asked = body === undefined ? judgeBodiless(request.rawHeaders) : judge(body, request.rawHeaders);
      if (body !== undefined) {
        const userAgent = request.headers["user-agent"];
        tools = audited(asked, { id, address, userAgent, bearer });
      }
      const continued = sessions.resume(request, asked, { id, address, bearer });
      permissions.check(asked, bearer);
      if (isListening({ request, asked })) stopsListening = listens(bearer.subject);
      if (takeFromLimits !== undefined) await takeFromLimits(asked, bearer);
      gone.signal.throwIfAborted(); // whoever listens from here on would not hear of it any more
      const call: Call = {
        id,
        address,
        server,
        request,
        bearer,
        body,
        asked,
        ...continued,
        signal: gone.signal,
      };
      const rewriters = [sessions.rewriter(call), permissions.rewriterFor(asked, bearer)].filter(
        (rewriter) => rewriter !== undefined,
      );
      const isRead = readAnswers(rewriters);
      const fields = outgoing(call, forwardedFields(request, { isThroughProxy, isRead }));
      const answer = await (spans ? sendTraced(backend, call, fields, spans) : backend.send(call, fields));
      const { streams } = services;
      const list = tools === undefined ? listed(asked) : undefined;
      const observer = (tools ?? list)?.observer;
      const end = await relay(call, answer, response, rewriters, { streams, observer });
      tools?.finished(end, continued.session);
      list?.finished(end);
      const { outcome, cause } = end;
      isOver = outcome === "complete";
      if (outcome === "broken") {
        services.log.warn(
          { request: id, server: server.name, stage: "body", cause: String(cause) },
          brokenOff,
        );
      }
    } catch (error) {
      if (gone.signal.aborted || error instanceof ClientGoneError) return tools?.cancelled(); // nobody is there to be told
      if (error instanceof StoreUnavailableError) {
        log.warn({ request: id, server: server.name, err: error }, "the token could not be checked");
        tools?.refused(challenges.cannotCheck.status);
        return writeAnswer(response, id, challenges.cannotCheck);
      }
      if (!(error instanceof RefusedCallError)) throw error;
      tools?.refused(error.refused.status);
      const { stage, debug, budget } = error;
      if (known !== undefined && budget !== undefined) {
        const userAgent = request.headers["user-agent"];
        services.events.emit({
          name: "limit_reached",
          ...describeBearer(known),
          ...{ request: id, address, userAgent, resource: server.address, reason: budget, detail: debug },
        });
      } else if (known !== undefined || mayTellOfStrangers())
        log.warn({ request: id, server: server.name, ...(stage && { stage }), cause: debug }, error.message);
      writeRefusal(response, id, error.refused, asked && idToAnswer(asked));
    } finally {
      if (body !== undefined) bodies.release(body);
      stopsListening?.();
    }
  };
}

const describeBearer = ({ subject, clientId, grantId, reference }: Bearer) => {
  return { subject, client: clientId, grant: grantId, attempt: reference };
};

/** One for all: an error made for each call would cost more than much of what is done for it. */
const clientGone = new ClientGoneError("the client went away");

const brokenOff = "an answer of the MCP server broke off";

/*
 * A client's computer that is gone says nothing: it is asked after 10 s of silence, and given up after 12
 * more, which is before the next comment goes into an event stream. With that on its way the kernel would
 * wait for a quarter of an hour.
 */
const keepAliveMs = 10_000;
const keepAliveIntervalMs = 3000;
const keepAliveCount = 4;
