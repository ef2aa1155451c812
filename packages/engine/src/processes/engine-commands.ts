/**
 * The Engine port over the owner's socket: what other processes may ask the owner of a database (rule 30).
 *
 * Boundary: one request to one call of the engine; frames and limits are command-socket.ts's, the other end is
 * remote-engine.ts. Invariants: values cross as sealed text, so nothing is lost on the way; an answer is sent only when
 * what it says is committed; long records and values go in pieces, so that no frame grows with them.
 */
import {
  type Codec,
  type DecisionRequest,
  type Engine,
  type Entry,
  type ListQuery,
  open,
  PlumblineError,
  type RunRecord,
  type Sealed,
  type SignalRequest,
  seal,
} from "@plumbline/core";
import type { CommandHandler, CommandReply, CommandRequest } from "./command-socket.ts";

/** Entries in one piece of a record. */
const pieceLength = 500;
/** Characters in one piece of a value. */
const pieceChars = 1_000_000;

/** What each method takes; the remote engine writes these and the owner reads them. */
export interface CommandParams {
  readonly start: { readonly flow: string; readonly input: Sealed; readonly key?: string };
  readonly decide: Omit<DecisionRequest, "decision"> & { readonly decision: Sealed };
  readonly signal: Omit<SignalRequest, "value"> & { readonly value: Sealed };
  readonly cancel: { readonly run: string; readonly by?: string; readonly reason?: string };
  readonly exists: { readonly run: string };
  readonly get: { readonly run: string };
  readonly list: { readonly query: ListQuery };
  readonly watch: { readonly run: string; readonly from?: number };
  readonly open: { readonly run: string; readonly sealed: Sealed };
  readonly trustClock: Readonly<Record<string, never>>;
}

export type CommandMethod = keyof CommandParams;

/** Serves an engine to other processes. `codecs` are those of its flows. */
export function engineCommands(engine: Engine, codecs: readonly Codec[]): CommandHandler {
  const handlers: { [M in CommandMethod]: (params: CommandParams[M], reply: CommandReply) => Promise<unknown> } = {
    async start({ flow, input, key }) {
      const handle = await engine.start(flow, open(input, { codecs }), key === undefined ? {} : { key });
      return { id: handle.id, created: handle.created };
    },
    decide: ({ decision, ...request }) => engine.decide({ ...request, decision: open(decision, { codecs }) }),
    signal: ({ value, ...request }) => engine.signal({ ...request, value: open(value, { codecs }) }),
    async cancel({ run, ...options }) {
      await engine.cancel(run, options);
    },
    async exists({ run }) {
      await engine.handle(run);
    },
    async get({ run }, reply) {
      const record = await engine.get(run);
      if (!record) return;
      const { entries, ...rest } = record;
      await reply.send({ record: rest });
      for (let i = 0; i < entries.length && !reply.signal.aborted; i += pieceLength) {
        await reply.send({ entries: entries.slice(i, i + pieceLength) });
      }
    },
    list: ({ query }) => engine.list(query),
    async watch({ run, from }, reply) {
      const options = { signal: reply.signal, ...(from === undefined ? {} : { from }) };
      for await (const watched of engine.watch(run, options)) await reply.send(watched);
    },
    trustClock: () => engine.trustClock(),
    async open({ run, sealed }, reply) {
      const result = seal(await engine.open(run, sealed), { codecs, nonFinite: true });
      if ("refusal" in result) {
        throw new PlumblineError("value-refused", result.refusal.reason, { path: run + result.refusal.path });
      }
      const text = result.sealed;
      for (let i = 0; i < text.length && !reply.signal.aborted; i += pieceChars) {
        await reply.send(text.slice(i, i + pieceChars));
      }
    },
  };
  return (request, reply) => {
    const handler = handlers[request.method as CommandMethod] as Handler | undefined;
    if (!handler || !Object.hasOwn(handlers, request.method)) throw unknownCommand(request);
    return handler(demandParams(request), reply);
  };
}

type Handler = (params: object, reply: CommandReply) => Promise<unknown>;

/** The engine checks what the parameters mean; here they only have to be an object whose names and texts are texts. */
function demandParams({ method, params }: CommandRequest): object {
  const texts = [
    "run",
    "flow",
    "input",
    "decision",
    "sealed",
    "key",
    "name",
    "value",
    "path",
    "by",
    "id",
    "note",
    "reason",
  ] as const;
  const valid =
    typeof params === "object" &&
    params !== null &&
    texts.every((name) => ["string", "undefined"].includes(typeof (params as Record<string, unknown>)[name]));
  if (valid) return params;
  throw new PlumblineError("option-invalid", "a command whose parameters have no meaning", {
    path: method,
    expected: "an object as remote-engine.ts writes it",
    found: params === null ? "null" : typeof params,
    mend: "use the same version of Plumbline on both ends",
  });
}

function unknownCommand({ method }: CommandRequest): PlumblineError {
  return new PlumblineError("option-invalid", "a command that this owner does not know", {
    path: method,
    expected: "a command of the same version",
    found: method,
    mend: "use the same version of Plumbline on both ends",
  });
}

/** One piece of a record on its way. */
export type RecordPiece = { readonly record: Omit<RunRecord, "entries"> } | { readonly entries: readonly Entry[] };
