// Rule 23: a breaker is a pure machine of its own; outcomes count in their epoch, a probe's permit lapses, a run records what it was told.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { admit, type BreakerEntry, type BreakerState, evolveBreaker, flow, newBreaker, vote } from "../src/index.ts";
import { any, error, never, Stage } from "./stage.ts";

const policy = { after: 3, openForMs: 1_000 };

class Machine {
  state = newBreaker("bank");
  entries: BreakerEntry[] = [];
  now = 0;

  ask(id = "a") {
    const { entries, ...admission } = admit(this.state, { id, now: this.now, lapseMs: 100 });
    this.fold(entries);
    return admission;
  }

  tell(result: "failure" | "success" | "answered", { id = "a", epoch = this.state.epoch } = {}): boolean {
    const { entries, opened } = vote(this.state, policy, { id, at: this.now, epoch, result });
    this.fold(entries);
    return opened;
  }

  force(to: "open" | "closed" | undefined): void {
    this.fold([{ kind: "breaker.forced", at: this.now, to, by: "operator" }]);
  }

  private fold(entries: readonly BreakerEntry[]): void {
    for (const entry of entries) evolveBreaker(this.state, entry);
    this.entries.push(...entries);
  }
}

function opened(): Machine {
  const machine = new Machine();
  for (let i = 0; i < policy.after; i++) machine.tell("failure");
  return machine;
}

describe("rule 23: the machine", () => {
  test("opens at the limit of failures in a row; a success in between starts the count anew", () => {
    const machine = new Machine();
    expect([machine.tell("failure"), machine.tell("failure")]).toEqual([false, false]);
    machine.tell("success");
    machine.tell("success");
    expect([machine.tell("failure"), machine.tell("failure"), machine.tell("failure")]).toEqual([false, false, true]);
    expect(machine.ask()).toEqual({ admission: "refused", epoch: 1 });
    expect(machine.entries.map(({ kind }) => kind)).toEqual([
      "failure.counted",
      "failure.counted",
      "failures.reset",
      "failure.counted",
      "failure.counted",
      "failure.counted",
      "breaker.opened",
    ]);
  });

  test("admits one probe after its time; the probe closes or reopens it", () => {
    const machine = opened();
    machine.now = 999;
    expect(machine.ask().admission).toBe("refused");
    machine.now = 1_000;
    expect([machine.ask("p").admission, machine.ask("q").admission]).toEqual(["probe", "refused"]);
    machine.tell("success", { id: "p" });
    expect(machine.ask()).toEqual({ admission: "admitted", epoch: 2 });
    const failing = opened();
    failing.now = 1_000;
    failing.ask("p");
    expect(failing.tell("failure", { id: "p" })).toBe(true);
    expect(failing.state).toMatchObject({ status: "open", epoch: 2, openUntil: 2_000, probe: undefined });
  });

  test("outcomes of an earlier epoch do not count, for good or ill", () => {
    const machine = opened();
    expect(machine.tell("failure", { epoch: 0 })).toBe(false);
    machine.tell("success", { epoch: 0 });
    expect(machine.state).toMatchObject({ status: "open", epoch: 1 });
    machine.now = 1_000;
    machine.ask("p");
    machine.tell("success", { id: "p" });
    expect(machine.tell("failure", { epoch: 0 })).toBe(false);
    expect(machine.state.failures).toBe(0);
  });

  test("a probe's permit lapses: the next one may probe, and the failure of the first does not count", () => {
    const machine = opened();
    machine.now = 1_000;
    machine.ask("p");
    machine.now = 1_099;
    expect(machine.ask("q").admission).toBe("refused");
    machine.now = 1_100;
    expect(machine.ask("q").admission).toBe("probe");
    expect(machine.tell("failure", { id: "p" })).toBe(false);
    expect(machine.tell("failure", { id: "q" })).toBe(true);
  });

  test("an operator's word stands until it is taken back", () => {
    const machine = new Machine();
    machine.force("open");
    expect(machine.ask().admission).toBe("refused");
    machine.force("closed");
    for (let i = 0; i < policy.after; i++) machine.tell("failure");
    expect(machine.ask().admission).toBe("admitted");
    machine.force(undefined);
    expect(machine.ask().admission).toBe("refused");
  });

  test("folding its entries, through text, gives the same machine; it never admits two at once while open", () => {
    const moves = fc.array(
      fc.oneof(
        fc.record({ kind: fc.constant("ask" as const), id: fc.constantFrom("a", "b", "c") }),
        fc.record({
          kind: fc.constantFrom("failure" as const, "success" as const, "answered" as const),
          id: fc.constantFrom("a", "b", "c"),
          stale: fc.boolean(),
        }),
        fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 600 }) }),
      ),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(moves, (all) => {
        const machine = new Machine();
        for (const move of all) {
          const before = machine.state.probe;
          if (move.kind === "wait") machine.now += move.ms;
          else if (move.kind !== "ask")
            machine.tell(move.kind, { id: move.id, epoch: machine.state.epoch - (move.stale ? 1 : 0) });
          else if (machine.ask(move.id).admission === "probe")
            expect(before === undefined || machine.now >= before.until).toBe(true);
        }
        const folded: BreakerState = newBreaker("bank");
        for (const entry of JSON.parse(JSON.stringify(machine.entries)) as BreakerEntry[]) evolveBreaker(folded, entry);
        expect(folded).toEqual(machine.state);
      }),
    );
  });
});

describe("rule 23: the run", () => {
  const guarded = flow("guarded", {
    input: any(),
    build: ($) =>
      $.step("s", { output: any(), retry: { maxAttempts: 2, delay: 0 } }).by(
        { run: never, name: "bank", breaker: { name: "bank", countContract: true } },
        never,
      ),
  });
  const told = (stage: Stage, admission: "admitted" | "probe" | "refused") =>
    stage.say({ kind: "admission.answered", at: stage.now, slot: 0, breaker: "bank", epoch: 4, admission });

  test("asks before each attempt, and keeps the answer with its epoch", () => {
    const stage = new Stage(guarded);
    expect(stage.due).toEqual(["ask-breaker s"]);
    told(stage, "probe");
    expect(stage.due).toEqual(["attempt s 0/1"]);
    expect(stage.slot("s").admission).toEqual({ breaker: "bank", epoch: 4, kind: "probe" });
    stage.fails("s");
    expect(stage.due).toEqual(["ask-breaker s"]);
  });

  test("an open breaker sends the step down its ladder without an attempt, and the journal says why", () => {
    const stage = new Stage(guarded);
    told(stage, "refused");
    expect(stage.due).toEqual(["attempt s 1/1"]);
    expect(stage.all("rung.entered")).toMatchObject([{ because: 'bank: the breaker "bank" is open' }]);
    stage.completes("s");
    expect(stage.state.degradations).toMatchObject([{ reason: 'answered by never: the breaker "bank" is open' }]);
  });

  test("on the last rung it is the step's failure", () => {
    const last = flow("last", {
      input: any(),
      build: ($) => $.step("s", { output: any() }).by({ run: never, breaker: { name: "bank" } }),
    });
    const stage = new Stage(last);
    told(stage, "refused");
    expect(stage.state.failure).toMatchObject({ kind: "breaker-open" });
  });

  test("an effect in doubt is undone even when the breaker refuses its next attempt", () => {
    const effect = flow("effect", {
      input: any(),
      build: ($) => ({
        s: $.step("s", { kind: "effect", output: any(), compensate: never, retry: { delay: 0 } }).by(
          { run: never, breaker: { name: "bank" } },
          never,
        ),
      }),
    });
    const stage = new Stage(effect);
    told(stage, "admitted");
    stage.fails("s", error("late", "timeout"));
    told(stage, "refused");
    expect(stage.due).toEqual(["compensate s 1"]);
  });
});

test("rule 5: with a cache the question is written down before the breaker is asked, and so may have ended the process", () => {
  const made = (cache: object) =>
    flow("made", {
      input: any(),
      build: ($) => {
        const ask = $.step("ask", { output: any(), ...cache }).by({ run: never, breaker: { name: "b" } }, never);
        return { ask };
      },
    });
  const lost = (stage: Stage) => stage.crash().map(({ kind }) => kind);
  expect(lost(new Stage(made({})))).toEqual([]);
  const stage = new Stage(made({ version: "1", cache: { maxAge: "1h" } }));
  expect(lost(stage)).toEqual(["attempt.lost"]);
  stage.say({ kind: "admission.answered", at: stage.now, slot: 0, breaker: "b", epoch: 1, admission: "refused" });
  expect([stage.due, lost(stage)]).toEqual([["attempt ask 1/2"], ["attempt.lost"]]);
});
