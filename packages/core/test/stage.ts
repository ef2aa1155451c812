// A stage for one run: the test plays the outside (attempts, people, time, crashes) and looks at what is due and what is journaled.
// Knows no rules. A crash folds the journal again from text, over the plan as text, and recovers.
import {
  advance,
  type Command,
  type Decision,
  decide,
  type Entry,
  type EntryKind,
  type EntryOf,
  type Failure,
  type Flow,
  fireTimers,
  fold,
  newState,
  nextDueAt,
  type Outcome,
  open,
  type Plan,
  type PlanBranch,
  pathOf,
  type RunState,
  recordDecision,
  recover,
  resolve,
  type Schema,
  type Slot,
  seal,
  slotAt,
} from "../src/index.ts";

/** Accepts everything as it is. */
export function any<T = unknown>(): Schema<T> {
  return { "~standard": { version: 1, vendor: "test", validate: (value) => ({ value: value as T }) } };
}

/** Accepts what the function gives no complaint about. */
export function accepting<T>(complaint: (value: T) => string | undefined): Schema<T> {
  const validate = (value: unknown) => {
    const message = complaint(value as T);
    return message === undefined ? { value: value as T } : { issues: [{ message }] };
  };
  return { "~standard": { version: 1, vendor: "test", validate } };
}

export const never = () => {
  throw new Error("these tests call no user code");
};

export function sealed(value: unknown): string {
  const result = seal(value);
  if ("refusal" in result) throw new Error(result.refusal.reason);
  return result.sealed;
}

export function error(message = "it broke", kind: Failure["kind"] = "error"): Failure {
  return { kind, message };
}

export class Stage {
  readonly plan: Plan;
  readonly journal: Entry[] = [];
  state: RunState;
  now = 1_000_000;
  chance = 0.5;

  constructor(flow: Flow<never, unknown>, input: unknown = {}) {
    this.plan = JSON.parse(JSON.stringify(flow.plan)) as Plan;
    this.state = newState(this.plan);
    const { deadline, fingerprint } = this.plan;
    this.say({
      kind: "run.started",
      at: this.now,
      run: "run-1",
      flow: this.plan.flow,
      fingerprint,
      input: sealed(input),
      ...(deadline ? { deadlineAt: this.now + deadline.afterMs } : {}),
    });
  }

  get env() {
    return { now: this.now, chance: () => this.chance };
  }

  /** Folds entries in one turn, and what follows from them. */
  say(...entries: Entry[]): Decision {
    fold(this.state, entries);
    const decision = advance(this.state, this.env);
    this.journal.push(...entries, ...decision.entries);
    return decision;
  }

  slot(path: string): Slot {
    const slot = this.state.slots.find((one) => pathOf(one) === path);
    if (!slot) throw new Error(`no slot ${path}`);
    return slot;
  }

  status(path: string): string {
    return this.slot(path).status;
  }

  /** What the outside has to do: `attempt a 0/1` is rung 0, attempt 1. */
  get due(): string[] {
    return decide(this.state, this.env).commands.map((command) => this.named(command));
  }

  private named(command: Command): string {
    if (!("slot" in command)) return command.kind;
    const path = pathOf(slotAt(this.state, command.slot));
    if (command.kind === "attempt") return `attempt ${path} ${command.rung}/${command.attempt}`;
    if (command.kind === "compensate") return `compensate ${path} ${command.attempt}`;
    return command.kind === "declare-decision" ? `${command.kind} ${path} ${command.via}` : `${command.kind} ${path}`;
  }

  attempt(path: string) {
    const { id, rung, attempts } = this.slot(path);
    return { at: this.now, slot: id, rung, attempt: attempts + 1, ms: 5 };
  }

  completes(path: string, value: unknown = { from: path }): Decision {
    return this.say({ kind: "step.completed", ...this.attempt(path), value: sealed(value) });
  }

  fails(path: string, failure: Failure = error(), retryable = true): Decision {
    return this.say({ kind: "attempt.failed", ...this.attempt(path), failure, retryable });
  }

  answers(path: string, yes = true): Decision {
    const { id: slot } = this.slot(path);
    if (yes) return this.say({ kind: "condition.answered", at: this.now, slot, answer: true });
    return this.say({ kind: "step.skipped", at: this.now, slot, because: "when" });
  }

  undoes(path: string, failure?: Failure): Decision {
    const { id: slot, undoAttempts: attempt } = this.slot(path);
    const entry = { at: this.now, slot, attempt, ms: 1 };
    if (failure) return this.say({ kind: "compensation.failed", ...entry, failure });
    return this.say({ kind: "compensation.completed", ...entry });
  }

  /** A branch has chosen its case. */
  chooses(path: string, key: string): Decision {
    const { id: slot, node } = this.slot(path);
    const scope = (node as PlanBranch).cases[key] as number;
    return this.say({ kind: "scope.entered", at: this.now, slot, scope, key });
  }

  /** The items of a map are known. */
  lists(path: string, ...items: unknown[]): Decision {
    const { id: slot } = this.slot(path);
    return this.say({ kind: "items.listed", at: this.now, slot, items: items.map(sealed) });
  }

  /** The last turn of a loop is judged. */
  judges(path: string, done: boolean, value: unknown = { turn: this.slot(path).inside?.frames.length }): Decision {
    const { id: slot, inside } = this.slot(path);
    const turn = inside?.frames.length as number;
    return this.say({ kind: "turn.completed", at: this.now, slot, turn, value: sealed(value), done });
  }

  /** A function of a node that is open has made the node's answer. */
  makes(path: string, value: unknown, degraded?: string): Decision {
    const { id: slot } = this.slot(path);
    const why = degraded === undefined ? {} : { degraded };
    return this.say({ kind: "scope.completed", at: this.now, slot, value: sealed(value), ...why });
  }

  /** A function of a node that is open has failed. */
  stops(path: string, failure: Failure = error("until threw", "predicate")): Decision {
    return this.say({ kind: "scope.stopped", at: this.now, slot: this.slot(path).id, failure });
  }

  /** A called run has its outcome. */
  hears(
    path: string,
    outcome: Outcome,
    more: { value?: unknown; failure?: Failure; standing?: readonly string[] } = {},
  ): Decision {
    const { id: slot } = this.slot(path);
    const { value, failure, standing } = more;
    return this.say({
      kind: "call.answered",
      at: this.now,
      slot,
      outcome,
      ms: 5,
      cost: { usd: 2, tokens: 7 },
      ...(value === undefined ? {} : { value: sealed(value) }),
      ...(failure ? { failure } : {}),
      ...(standing ? { standing } : {}),
    });
  }

  cancels(reason?: string): Decision {
    return this.say({ kind: "cancel.requested", at: this.now, ...(reason === undefined ? {} : { reason }) });
  }

  decides(path: string, value: object, more: { by?: string; id?: string; note?: string } = {}) {
    const receipt = recordDecision(this.state, { path, value: sealed(value), ...more }, this.now);
    this.say(...receipt.entries);
    return receipt.status;
  }

  /** Lets time pass and fires what is due then, at once. */
  wait(ms: number): Entry[] {
    this.now += ms;
    const fired = fireTimers(this.state, this.now);
    this.say(...fired);
    return fired;
  }

  /** Lets time pass until the next timer is due. */
  waitForTimer(): Entry[] {
    const due = nextDueAt(this.state);
    if (due === undefined) throw new Error("no timer is set");
    return this.wait(due - this.now);
  }

  /** The process dies and another one takes the run up, from text alone. */
  crash(): Entry[] {
    this.state = fold(
      newState(JSON.parse(JSON.stringify(this.plan)) as Plan),
      JSON.parse(JSON.stringify(this.journal)),
    );
    const recovered = recover(this.state, this.now);
    this.say(...recovered);
    return recovered;
  }

  /** The answer of the whole run, as an engine gives it. */
  ends(output: unknown = "done"): Decision {
    const outcome = this.state.degradations.length > 0 ? "degraded" : "succeeded";
    return this.say({ kind: "run.ended", at: this.now, outcome, output: sealed(output) });
  }

  all<K extends EntryKind>(kind: K): EntryOf<K>[] {
    return this.journal.filter((entry): entry is EntryOf<K> => entry.kind === kind);
  }

  /** What a reader of the slot is given. */
  given(path: string): unknown {
    const { frame, id } = this.slot(path);
    const ref = { kind: "ref" as const, scope: frame.scope.id, node: id - frame.base, path: [] };
    return resolve(this.state, frame, ref, open);
  }

  /** What the needs of a slot come to. */
  needs(path: string): unknown {
    const { frame, node } = this.slot(path);
    return resolve(this.state, frame, node.needs, open);
  }

  get kinds(): string[] {
    return this.journal.map(({ kind }) => kind);
  }

  value(path: string): unknown {
    const { value } = this.slot(path);
    return value === undefined ? undefined : open(value);
  }
}
