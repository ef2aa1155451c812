/**
 * `why`: from a field of what the customer was told, back to everything that it was made of.
 *
 * Boundary: walks the plan's expressions over the folded state; what stands behind a node is scope-origin.ts's, what
 * happened in it step-story.ts's and scope-story.ts's, what is suspicious suspects.ts's. Invariants: nearest the answer
 * first; a step is told once, with all fields of it that were read on the way; a run that failed is followed from the step
 * that failed it; user code is a closed box, so behind a step stand all of its needs; a step in a case of a branch is never
 * told without what chose that case.
 */
import {
  type Degradation,
  describe,
  endOf,
  type Failure,
  type Frame,
  fieldAt,
  fold,
  isOwner,
  newState,
  type Outcome,
  open,
  type Parent,
  PlumblineError,
  pathOf,
  type RunRecord,
  type RunState,
  type RunStatus,
  resolve,
  type Slot,
  type StepReport,
  slotAt,
  slotByPath,
  stepsOf,
  summaryOf,
} from "@plumbline/core";
import { type FieldValue, fieldPath, narrowed, type Source, sourcesOf } from "./origin.ts";
import { choiceOf, madeOf } from "./scope-origin.ts";
import { scopeStoryOf } from "./scope-story.ts";
import { type Journal, journalOf, type Read, type StepStory, storyOf } from "./step-story.ts";
import { type Suspect, suspectsAmong } from "./suspects.ts";

/** A field that was asked about. */
export interface AskedField extends FieldValue {
  readonly sources: readonly Source[];
}

/** A step on the way, with its report, its story, what was read of it and what it was made of. */
export interface StepOrigin extends StepReport {
  readonly story: StepStory;
  /** Its fields that were read on the way, with their values; none of a branch that only led to a step. */
  readonly reads: readonly FieldValue[];
  readonly needs: readonly Source[];
  /** Names of the checks that its answer had to pass, beside its schema. */
  readonly checks: readonly string[];
}

export interface Why {
  readonly run: string;
  readonly flow: string;
  readonly key?: string;
  /** The run that called this one. */
  readonly parent?: Parent;
  readonly status: RunStatus;
  readonly outcome?: Outcome;
  /** What is explained: the answer, the failure of a run that has none, or one step. */
  readonly about: "answer" | "failure" | "step";
  readonly fields: readonly AskedField[];
  /** Nearest the answer first. */
  readonly steps: readonly StepOrigin[];
  /** The fields of the input that everything comes from. */
  readonly input: readonly FieldValue[];
  /** In the order in which to look at them. */
  readonly suspects: readonly Suspect[];
  readonly degradations: readonly Degradation[];
  readonly failure?: Failure;
  /** Names of the checks on the flow's answer. */
  readonly checks: readonly string[];
  /** The answer was declared for a missed deadline and not computed. */
  readonly declaredForDeadline: boolean;
}

export interface WhyOptions {
  /** Opens values; core's `open` by default. Values that it throws on are left out. */
  readonly read?: Read;
}

/**
 * Explains a field of a run's answer, or all of them. `field` may also be a step's path.
 * @throws PlumblineError `reference-path` when there is no such field
 * @example `why(await engine.get(run), "reference").suspects[0]`
 */
export function why(record: RunRecord, field?: string, options: WhyOptions = {}): Why {
  const state = fold(newState(record.plan), record.entries);
  const walk = new Walk(state, record, options.read ?? ((sealed) => open(sealed)));
  return walk.explain(field);
}

interface Visit {
  readonly slot: Slot;
  readonly fieldsRead: Set<string>;
}

/** One walk from what was asked to the input. */
class Walk {
  private readonly state: RunState;
  private readonly reports: readonly StepReport[];
  private readonly journal: Journal;
  private readonly read: Read;
  private readonly visits = new Map<number, Visit>();
  private readonly inputFields = new Set<string>();
  /** Fields that the flow's schema stripped from the input. */
  private readonly inputDropped: readonly string[];

  constructor(state: RunState, record: RunRecord, read: Read) {
    this.state = state;
    this.reports = stepsOf(state);
    this.journal = journalOf(record.entries);
    const [started] = record.entries;
    this.inputDropped = started?.kind === "run.started" ? (started.dropped ?? []) : [];
    this.read = (sealed) => {
      try {
        return read(sealed);
      } catch {
        return undefined; // a value that cannot be opened here must not hide where it came from
      }
    };
  }

  explain(field: string | undefined): Why {
    const { state } = this;
    const { about, fields } = this.asked(field);
    const answer = about === "answer";
    const declaredForDeadline = answer && state.output !== undefined && state.stop?.cause === "deadline";
    // A declared answer was made of the input alone, whatever the expression says.
    if (declaredForDeadline) this.inputFields.add("");
    else for (const { sources } of fields) this.follow(sources);
    const steps = [...this.visits.values()].map((visit) => this.originOf(visit));
    const end = endOf(state);
    const { id: run, flow, key, status, outcome } = summaryOf(state);
    return {
      run,
      flow,
      ...(key === undefined ? {} : { key }),
      ...(state.parent === undefined ? {} : { parent: state.parent }),
      status,
      ...(outcome === undefined ? {} : { outcome }),
      about,
      fields: declaredForDeadline ? fields.map((one) => ({ ...one, sources: [] })) : fields,
      steps,
      input: [...this.inputFields].sort().map((path) => this.valueAt(state.frames[0]?.input, path)),
      suspects: [...this.suspectAnswer(answer), ...this.suspectSteps(steps), ...this.suspectInput()],
      degradations: state.degradations,
      ...(end?.failure ? { failure: end.failure } : {}),
      checks: state.plan.checks,
      declaredForDeadline,
    };
  }

  private asked(field: string | undefined): Pick<Why, "about" | "fields"> {
    const frame = this.state.frames[0];
    if (!frame) return { about: "answer", fields: [] };
    if (field !== undefined && field !== "") return this.askedFor(frame, field);
    const failed = this.failedSlot();
    if (failed) return { about: "failure", fields: [{ field: "", sources: [stepSource(failed)] }] };
    return { about: "answer", fields: this.topFields(frame).map((name) => this.answerField(frame, name, [name])) };
  }

  private askedFor(frame: Frame, field: string): Pick<Why, "about" | "fields"> {
    const path = fieldPath(field);
    const given = narrowed(frame.scope.answer, path) !== undefined && !this.endsAbove(path);
    const asked = given ? this.answerField(frame, field, path) : undefined;
    const step = slotByPath(this.state, field);
    // A path into a scope is a step's, where the answer has nothing there.
    const isStep = step?.frame.owner !== undefined && asked?.value === undefined;
    if (asked && !isStep) return { about: "answer", fields: [asked] };
    if (step) return { about: "step", fields: [{ ...this.slotValue(step, ""), sources: [stepSource(step)] }] };
    const steps = this.state.slots.slice(0, maxStepsNamed).map(pathOf).join(", ");
    throw new PlumblineError("reference-path", "the answer has no such field", {
      path: field,
      expected: `a field (${this.topFields(frame).join(", ")}) or a step (${steps})`,
      found: describe(field),
      mend: "ask for one of these, or for nothing to see them all",
    });
  }

  private answerField(frame: Frame, field: string, path: readonly string[]): AskedField {
    const expression = narrowed(frame.scope.answer, field === "" ? [] : path);
    return {
      ...this.valueAt(this.state.output, field),
      sources: expression ? sourcesOf(this.state, frame, expression) : [],
    };
  }

  /** Whether the answer has a plain value, or none, above the field: it has no such field then. */
  private endsAbove(path: readonly string[]): boolean {
    const { output } = this.state;
    if (output === undefined) return false;
    const whole = this.read(output);
    return path.some((_, depth) => {
      const above = fieldAt(whole, path.slice(0, depth));
      return above !== undefined && (typeof above !== "object" || above === null);
    });
  }

  /** The answer's own fields; of an answer that is one value, the whole. */
  private topFields(frame: Frame): string[] {
    const { answer } = frame.scope;
    if (answer.kind === "object") return Object.keys(answer.fields);
    const output = this.state.output === undefined ? undefined : this.read(this.state.output);
    const isObject =
      typeof output === "object" && output !== null && Object.getPrototypeOf(output) === Object.prototype;
    return isObject && Object.keys(output).length > 0 ? Object.keys(output) : [""];
  }

  /** The step that failed the run, where a failure began. */
  private failedSlot(): Slot | undefined {
    const { stop, slots } = this.state;
    if (stop?.cause !== "failure" || stop.slot === undefined) return undefined;
    let slot = slots[stop.slot];
    while (slot?.failedNeed !== undefined) slot = slots[slot.failedNeed];
    return slot;
  }

  /** Breadth first, so that what stands nearest the answer comes first. */
  private follow(asked: readonly Source[]): void {
    let round = asked;
    while (round.length > 0) {
      const next: Source[] = [];
      for (const source of round) {
        if (source.taken === false) continue;
        if (source.from === "input") this.inputFields.add(source.field);
        if (source.slot === undefined) continue;
        const visit = this.visit(slotAt(this.state, source.slot), next);
        if (visit.fieldsRead.has(source.field)) continue;
        // What stands behind a step is the same for all of its fields; behind a node that opens scopes it is not.
        if (visit.fieldsRead.size === 0 || isOwner(visit.slot.node)) {
          next.push(...madeOf(this.state, visit.slot, source.field));
        }
        visit.fieldsRead.add(source.field);
      }
      round = next;
    }
  }

  /** The visit of a slot; the first time it also leads to what chose the cases that the slot lies in. */
  private visit(slot: Slot, next: Source[]): Visit {
    const known = this.visits.get(slot.id);
    if (known) return known;
    const visit = { slot, fieldsRead: new Set<string>() };
    this.visits.set(slot.id, visit);
    const { owner } = slot.frame;
    if (owner) this.visitAround(owner, next);
    return visit;
  }

  private visitAround(owner: Slot, next: Source[]): void {
    if (owner.node.kind === "branch" && !this.visits.has(owner.id)) {
      this.visit(owner, next);
      next.push(...choiceOf(this.state, owner));
    } else if (owner.frame.owner) this.visitAround(owner.frame.owner, next);
  }

  private originOf({ slot, fieldsRead }: Visit): StepOrigin {
    const report = this.reports[slot.id] as StepReport;
    const scope = scopeStoryOf(this.state, slot);
    return {
      ...report,
      story: { ...storyOf(slot, this.journal, this.read), ...(scope ? { scope } : {}) },
      reads: [...fieldsRead].sort().map((field) => this.slotValue(slot, field)),
      needs: fieldsRead.size === 0 ? choiceOf(this.state, slot) : this.behind(slot, [...fieldsRead]),
      checks: slot.node.kind === "step" || slot.node.kind === "loop" ? slot.node.checks : [],
    };
  }

  /** All sources of the fields that were read, each once. */
  private behind(slot: Slot, fields: readonly string[]): Source[] {
    const read = isOwner(slot.node) ? fields : fields.slice(0, 1);
    const found = new Map<string, Source>();
    for (const source of read.flatMap((field) => madeOf(this.state, slot, field))) {
      found.set(JSON.stringify([source.as, source.from, source.path, source.field, source.role]), source);
    }
    return [...found.values()];
  }

  /** A field of what a node gave, also where that is read off its scopes. */
  private slotValue(slot: Slot, field: string): FieldValue {
    const { frame, id } = slot;
    const whole = { kind: "ref" as const, scope: frame.scope.id, node: id - frame.base, path: [] };
    const value = fieldAt(resolve(this.state, frame, whole, this.read), fieldPath(field));
    return value === undefined ? { field } : { field, value };
  }

  private valueAt(sealed: string | undefined, field: string): FieldValue {
    if (sealed === undefined) return { field };
    const value = fieldAt(this.read(sealed), fieldPath(field));
    return value === undefined ? { field } : { field, value };
  }

  private suspectSteps(steps: readonly StepOrigin[]): Suspect[] {
    const failed = this.failedSlot();
    return suspectsAmong(
      steps.map((step) => ({
        path: step.path,
        report: step,
        story: step.story,
        fieldsRead: step.reads.map(({ field }) => field),
      })),
      failed && pathOf(failed),
    );
  }

  /** A field that came in and that nobody was ever given: only a hint, since callers send more than a flow asks for. */
  private suspectInput(): Suspect[] {
    if (this.inputDropped.length === 0) return [];
    const words = `the flow's own schema dropped ${this.inputDropped.join(", ")} from the input`;
    return [{ path: "input", evidence: [{ kind: "dropped", strength: "weak", words }] }];
  }

  private suspectAnswer(asked: boolean): Suspect[] {
    const { state } = this;
    if (!asked) return [];
    const declared = state.output !== undefined && state.stop?.cause === "deadline";
    const evidence: Suspect["evidence"][number][] = [];
    if (declared) {
      const words = "the run's deadline passed: this is the answer declared for that, made of the input alone";
      evidence.push({ kind: "deadline", strength: "strong", words });
    }
    if (state.outputDropped.length > 0) {
      const words = `the flow's own schema dropped ${state.outputDropped.join(", ")} from the answer`;
      evidence.push({ kind: "dropped", strength: "strong", words });
    }
    return evidence.length > 0 ? [{ path: "", evidence }] : [];
  }
}

/** A message that names the steps of a run with very many is no help. */
const maxStepsNamed = 40;

function stepSource(slot: Slot): Source {
  return { as: "", from: "step", path: pathOf(slot), field: "", slot: slot.id };
}
