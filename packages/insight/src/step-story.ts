/**
 * What happened to one step, gathered from its entries: attempts, rungs, the decision, the signal, what came late.
 *
 * Boundary: entries of one slot to a story; what its scopes did is scope-story.ts's, whether any of it is suspicious
 * suspects.ts's to say. Invariants: told in the order of the journal; nothing is left out that an attempt left behind;
 * values stay sealed until `read` opens them.
 */
import type { Entry, EntryOf, Failure, LogLine, Outcome, PlanStep, Provenance, Slot, Via } from "@plumbline/core";
import type { ScopeStory } from "./scope-story.ts";

/** One attempt and what it left behind. */
export interface AttemptStory {
  readonly attempt: number;
  /** The rung that made it, by name. */
  readonly rung: string;
  /**
   * `superseded` when it was not needed any more; `lost` with its process; `left` when its engine let go of it, which says
   * nothing about the step.
   */
  readonly result: "answered" | "failed" | "superseded" | "lost" | "left";
  readonly at: number;
  readonly ms: number;
  readonly usd: number;
  readonly tokens: number;
  readonly failure?: Failure;
  /** Why it was superseded. */
  readonly because?: string;
  /** What it gave when that broke the contract. */
  readonly value?: unknown;
  /** What it noted: model, prompt version, request id. */
  readonly evidence?: Readonly<Record<string, string | number | boolean>>;
  readonly log?: readonly LogLine[];
  readonly dropped?: readonly string[];
}

/** One rung of the ladder. */
export interface RungStory {
  readonly name: string;
  readonly kind: "run" | "last-good" | "template";
  readonly result: "answered" | "gave up" | "under way" | "not reached";
  /** Why it did not answer. */
  readonly because?: string;
}

/** How an approval was asked and decided. */
export interface DecisionStory {
  readonly desk: string;
  readonly askedAt?: number;
  readonly dueAt?: number;
  readonly decidedAt?: number;
  readonly via?: Via;
  readonly by?: string;
  readonly note?: string;
  /** Decisions that came too late. */
  readonly late: readonly { readonly at: number; readonly by?: string }[];
}

/** How a signal was waited for and taken. */
export interface SignalStory {
  readonly awaitedAt?: number;
  readonly dueAt?: number;
  readonly answeredAt?: number;
  readonly via?: "signal" | "timeout";
  readonly id?: string;
  /** When it came, and who sent it. */
  readonly receivedAt?: number;
  readonly by?: string;
}

/** The run that a step called. */
export interface CallStory {
  readonly run: string;
  readonly flow: string;
  readonly outcome?: Outcome;
}

/** Something that an aborted or superseded attempt said after all. */
export interface LateAnswer {
  readonly attempt: number;
  readonly at: number;
  readonly result: "value" | "failure";
}

/** Why a step was skipped: its own condition, or the slot of a need that was. */
export type SkipStory = "when" | number;

export interface StepStory {
  readonly attempts: readonly AttemptStory[];
  readonly rungs: readonly RungStory[];
  readonly late: readonly LateAnswer[];
  readonly decision?: DecisionStory;
  readonly signal?: SignalStory;
  readonly call?: CallStory;
  /** Of a node that opens scopes. */
  readonly scope?: ScopeStory;
  /** It was asked again within the time that its cache holds answers: `from` says where this one was made. */
  readonly isCached?: true;
  readonly skipped?: SkipStory;
  readonly from?: Provenance;
  /** When it settled. */
  readonly settledAt?: number;
  /** The place of that entry in the journal. */
  readonly settledIndex?: number;
}

export type Read = (sealed: string) => unknown;

/** An entry with its place in the journal. */
export type Placed = readonly [index: number, entry: Entry];

/** A run's entries, ready to be asked about. */
export interface Journal {
  readonly slots: ReadonlyMap<number, readonly Placed[]>;
  /** Signals by name and id. */
  readonly signals: ReadonlyMap<string, EntryOf<"signal.received">>;
}

/** In one pass. */
export function journalOf(entries: readonly Entry[]): Journal {
  const slots = new Map<number, Placed[]>();
  const signals = new Map<string, EntryOf<"signal.received">>();
  for (const [index, entry] of entries.entries()) {
    if (entry.kind === "signal.received") signals.set(`${entry.name} ${entry.id}`, entry);
    if (!("slot" in entry) || entry.slot === undefined) continue;
    const known = slots.get(entry.slot);
    if (known) known.push([index, entry]);
    else slots.set(entry.slot, [[index, entry]]);
  }
  return { slots, signals };
}

/** The story of one slot. */
export function storyOf(slot: Slot, journal: Journal, read: Read): StepStory {
  const { node, from } = slot;
  const entries = journal.slots.get(slot.id) ?? [];
  const attempts: AttemptStory[] = [];
  const late: LateAnswer[] = [];
  const gaveUp = new Map<number, string>();
  let skipped: SkipStory | undefined;
  let settled: Placed | undefined;
  for (const placed of entries) {
    const [, entry] = placed;
    if (entry.kind === "rung.entered") gaveUp.set(entry.rung - 1, entry.because);
    else if (entry.kind === "hedge.started") gaveUp.set(entry.rung - 1, "it was slower");
    else if (entry.kind === "attempt.failed" && entry.hedge) gaveUp.set(entry.rung, entry.failure.message);
    else if (entry.kind === "attempt.superseded") gaveUp.set(entry.rung, entry.because);
    else if (entry.kind === "attempt.late") late.push(...lateAnswer(entry));
    else if (entry.kind === "step.skipped") skipped = entry.because;
    const attempt = node.kind === "step" ? attemptStory(node, entry, read) : undefined;
    if (attempt) attempts.push(attempt);
    if (settles(entry)) settled ??= placed;
  }
  const isCached = from !== undefined && node.kind === "step" && node.rungs[slot.rung]?.kind !== "last-good";
  return {
    attempts,
    rungs: node.kind === "step" ? rungStories(slot, node, gaveUp) : [],
    late,
    ...(node.kind === "approval" ? { decision: decisionStory(node.desk, entries) } : {}),
    ...(node.kind === "signal" ? { signal: signalStory(node.name, entries, journal) } : {}),
    ...(node.kind === "call" && slot.call !== undefined ? { call: callStory(node.flow, slot.call, entries) } : {}),
    ...(skipped === undefined ? {} : { skipped }),
    ...(from ? { from } : {}),
    ...(isCached ? { isCached } : {}),
    ...(settled ? { settledAt: settled[1].at, settledIndex: settled[0] } : {}),
  };
}

/** What heard its signal and only said what it had cost is no answer. */
function lateAnswer({ attempt, at, result }: EntryOf<"attempt.late">): LateAnswer[] {
  return result === undefined ? [] : [{ attempt, at, result }];
}

const settling: ReadonlySet<Entry["kind"]> = new Set<Entry["kind"]>([
  "step.completed",
  "step.failed",
  "step.skipped",
  "scope.completed",
  "approval.decided",
  "signal.answered",
  "call.answered",
]);

function settles({ kind }: Entry): boolean {
  return settling.has(kind);
}

type Ended = EntryOf<"attempt.failed" | "attempt.superseded" | "step.completed">;

const results: Record<Ended["kind"], AttemptStory["result"]> = {
  "attempt.failed": "failed",
  "attempt.superseded": "superseded",
  "step.completed": "answered",
};

function isEnded(entry: Entry): entry is Ended {
  return Object.hasOwn(results, entry.kind);
}

function attemptStory(node: PlanStep, entry: Entry, read: Read): AttemptStory | undefined {
  if (entry.kind === "attempt.lost") {
    const { attempt, at } = entry;
    const result = entry.because ?? "lost";
    return { attempt, rung: rungName(node, entry.rung), result, at, ms: 0, usd: 0, tokens: 0 };
  }
  if (!isEnded(entry)) return undefined;
  const { attempt, at, ms, cost, evidence, log, dropped } = entry;
  const failed = entry.kind === "attempt.failed";
  return {
    attempt,
    rung: rungName(node, entry.rung),
    result: results[entry.kind],
    at,
    ms,
    usd: cost?.usd ?? 0,
    tokens: cost?.tokens ?? 0,
    ...(failed ? { failure: entry.failure } : {}),
    ...("because" in entry ? { because: entry.because } : {}),
    ...(failed && entry.value !== undefined ? { value: read(entry.value) } : {}),
    ...(evidence ? { evidence } : {}),
    ...(log ? { log } : {}),
    ...(dropped ? { dropped } : {}),
  };
}

export function rungName(node: PlanStep, rung: number): string {
  return node.rungs[rung]?.name ?? `rung ${rung + 1}`;
}

function rungStories(slot: Slot, node: PlanStep, gaveUp: ReadonlyMap<number, string>): RungStory[] {
  return node.rungs.map(({ name, kind }, index) => {
    const because = gaveUp.get(index);
    // A hedge tries two rungs at once, so the one that answered may stand here too.
    if (because !== undefined && index !== slot.rung) {
      return { name, kind, result: "gave up", because: withoutName(because, name) };
    }
    if (index > slot.rung || slot.status === "skipped") return { name, kind, result: "not reached" };
    if (slot.status === "completed") return { name, kind, result: "answered" };
    if (slot.status !== "failed")
      return { name, kind, result: slot.status === "pending" ? "not reached" : "under way" };
    // What failed before its own turn came (a need did) never tried its ladder.
    if (slot.failedNeed !== undefined) return { name, kind, result: "not reached" };
    return { name, kind, result: "gave up", because: slot.failure?.message ?? "" };
  });
}

/** `because` begins with the name of the rung above, which the story has already. */
function withoutName(because: string, name: string): string {
  return because.startsWith(`${name}: `) ? because.slice(name.length + 2) : because;
}

function decisionStory(desk: string, entries: readonly Placed[]): DecisionStory {
  const late: { at: number; by?: string }[] = [];
  let story: Omit<DecisionStory, "late"> = { desk };
  for (const [, entry] of entries) {
    if (entry.kind === "approval.requested") {
      story = { ...story, desk: entry.desk, askedAt: entry.at, dueAt: entry.dueAt };
    } else if (entry.kind === "approval.decided") {
      const { at, via, by, note } = entry;
      story = {
        ...story,
        decidedAt: at,
        via,
        ...(by === undefined ? {} : { by }),
        ...(note === undefined ? {} : { note }),
      };
    } else if (entry.kind === "decision.refused") {
      late.push({ at: entry.at, ...(entry.by === undefined ? {} : { by: entry.by }) });
    }
  }
  return { ...story, late };
}

function signalStory(name: string, entries: readonly Placed[], { signals }: Journal): SignalStory {
  let story: SignalStory = {};
  for (const [, entry] of entries) {
    if (entry.kind === "signal.awaited") story = { ...story, awaitedAt: entry.at, dueAt: entry.dueAt };
    if (entry.kind !== "signal.answered") continue;
    const { at, via, id } = entry;
    const sent = signals.get(`${name} ${id}`);
    story = {
      ...story,
      answeredAt: at,
      via,
      ...(id === undefined ? {} : { id }),
      ...(sent ? { receivedAt: sent.at } : {}),
      ...(sent?.by === undefined ? {} : { by: sent.by }),
    };
  }
  return story;
}

function callStory(flow: string, run: string, entries: readonly Placed[]): CallStory {
  const answered = entries.find(([, { kind }]) => kind === "call.answered")?.[1];
  return { run, flow, ...(answered?.kind === "call.answered" ? { outcome: answered.outcome } : {}) };
}
