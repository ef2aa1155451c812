// Rule 20: a run whose map is spread hands signals on to waits in its parts: in order, each to one wait, and none is lost on the way.
import { describe, expect, test } from "vitest";
import {
  flow,
  handOn,
  mayHandOn,
  openPartsOf,
  partWith,
  recordSignal,
  signalWaitsOf,
  summaryOf,
} from "../src/index.ts";
import { any, error, Stage, sealed } from "./stage.ts";

/** Its map may be spread; beside it the run itself waits for the same signal, when it is told to. */
const spread = flow("spread", {
  input: any<{ list: number[] }>(),
  build: ($, input) => {
    const go = ($$: typeof $) => $$.signal("go", { schema: any(), timeout: "1m", onTimeout: "nobody" });
    const all = $.map("all", { over: input.list, onFailure: "drop", each: go });
    const more = $.map("more", { over: input.list, onFailure: "drop", each: go });
    const own = $.branch("own", { choose: () => "one" as const, cases: { one: go } });
    const sub = $.call("sub", { flow: flow("inner", { input: any(), build: () => 1 }), input: 1 });
    return { all, more, own, sub, nap: $.sleep("nap", { for: "1h" }) };
  },
});

function begun(): Stage {
  const stage = new Stage(spread, { list: [1, 2, 3] });
  for (const slot of [0, 1]) {
    stage.say({ kind: "items.listed", at: 1, slot, items: [{ items: [1], from: 0 }].map(sealed), partLength: 1 });
  }
  return stage;
}

function says(stage: Stage, ...ids: string[]): void {
  for (const id of ids) {
    stage.say(...recordSignal(stage.state, { name: "go", id, value: sealed(id) }, stage.now).entries);
  }
}

const line = (stage: Stage) => stage.state.signals.get("go")?.map(({ id }) => id);

/** Hands on to parts that have so many waits each. */
function hands(stage: Stage, waits: Record<string, number>): readonly string[] {
  const parts = openPartsOf(stage.state).map((run, index) => {
    return { run, waits: new Map([["go", waits[["all", "more"][index] as string] ?? 0]]) };
  });
  const entry = handOn(stage.state, parts, stage.now);
  if (entry?.kind !== "signal.handed") return [];
  stage.say(entry);
  return entry.signals.map(({ id, run }) => `${id} to ${run}`);
}

describe("rule 20: handing on", () => {
  test("goes to parts that are under way, and to no other run", () => {
    const stage = begun();
    expect(openPartsOf(stage.state)).toEqual(
      stage
        .all("call.requested")
        .slice(1)
        .map(({ run }) => run),
    );
    stage.hears("all[0...].part", "failed", { failure: error() });
    expect(openPartsOf(stage.state)).toHaveLength(1);
    stage.cancels();
    expect(openPartsOf(stage.state)).toEqual([]);
  });

  test("is due only when something is in line, a part is there, and nothing is on its way", () => {
    const stage = begun();
    expect(mayHandOn(stage.state)).toBe(false);
    says(stage, "a", "b");
    expect(mayHandOn(stage.state)).toBe(true);
    hands(stage, { all: 1 });
    expect(mayHandOn(stage.state)).toBe(false);
    stage.say({ kind: "signal.settled", at: 1, back: [] });
    expect(mayHandOn(stage.state)).toBe(true);
    const without = new Stage(spread, { list: [] });
    says(without, "a");
    expect(mayHandOn(without.state)).toBe(false);
    stage.cancels();
    expect(mayHandOn(stage.state)).toBe(false);
  });

  test("gives the first in line to the part that began first, one for each wait, and keeps the rest", () => {
    const stage = begun();
    says(stage, "a", "b", "c", "d");
    const [first, second] = openPartsOf(stage.state);
    expect(hands(stage, { all: 2, more: 1 })).toEqual([`a to ${first}`, `b to ${first}`, `c to ${second}`]);
    expect(line(stage)).toEqual(["d"]);
    stage.say({ kind: "signal.settled", at: 1, back: [] });
    expect([hands(stage, {}), line(stage)]).toEqual([[], ["d"]]);
    expect(hands(stage, { more: 5 })).toEqual([`d to ${second}`]);
  });

  test("gives nothing to a part that waits for another name", () => {
    const stage = begun();
    says(stage, "a");
    const parts = openPartsOf(stage.state).map((run) => ({ run, waits: new Map([["stop", 1]]) }));
    expect([handOn(stage.state, parts, stage.now), line(stage)]).toEqual([undefined, ["a"]]);
  });

  test("takes back what came too late, in front of what came after it, and the run's own wait has it then", () => {
    const stage = begun();
    says(stage, "a", "b", "c");
    hands(stage, { all: 3 });
    says(stage, "d");
    stage.crash();
    expect(stage.state.handed.map(({ signal }) => signal.id)).toEqual(["a", "b", "c"]);
    const back = ["c", "b"].map((id) => ({ name: "go", id }));
    stage.say({ kind: "signal.settled", at: 1, back });
    expect([line(stage), stage.state.handed]).toEqual([["b", "c", "d"], []]);
    stage.chooses("own", "one");
    expect([stage.value("own.one.go"), line(stage)]).toEqual(["b", ["c", "d"]]);
    const waiting = begun();
    waiting.chooses("own", "one");
    says(waiting, "x", "y");
    expect(hands(waiting, { all: 1 })).toHaveLength(1);
    waiting.say({ kind: "signal.settled", at: 1, back: [{ name: "go", id: "y" }] });
    expect(line(waiting)).toEqual(["y"]);
  });

  test("wakes a wait of the run's own that began meanwhile", () => {
    const stage = begun();
    says(stage, "a");
    hands(stage, { all: 1 });
    stage.chooses("own", "one");
    expect(stage.status("own.one.go")).toBe("awaiting");
    stage.say({ kind: "signal.settled", at: 1, back: [{ name: "go", id: "a" }] });
    expect(stage.value("own.one.go")).toBe("a");
  });

  test("is taken up after a crash: a run with a signal on its way is not one that waits", () => {
    const stage = new Stage(spread, { list: [] });
    for (const name of ["all", "more"]) stage.lists(name);
    stage.chooses("own", "one");
    stage.hears("sub", "succeeded", { value: 1 });
    expect(summaryOf(stage.state).status).toBe("waiting");
    stage.state.handed = [{ signal: { kind: "signal.received", at: 1, name: "go", id: "a", value: "1" }, run: "r" }];
    expect(summaryOf(stage.state).status).toBe("running");
  });
});

test("the waits of a run are counted by name, while it takes signals", () => {
  const stage = new Stage(spread, { list: [1, 2] });
  stage.lists("all", 1, 2);
  stage.chooses("own", "one");
  expect([...signalWaitsOf(stage.state)]).toEqual([["go", 3]]);
  says(stage, "a");
  expect([...signalWaitsOf(stage.state)]).toEqual([["go", 2]]);
  stage.cancels();
  expect([...signalWaitsOf(stage.state)]).toEqual([]);
});

test("what a broken engine says of signals that are not in line changes nothing", () => {
  const stage = begun();
  says(stage, "a");
  stage.say({ kind: "signal.settled", at: 1, back: [{ name: "other", id: "a" }] });
  stage.say({
    kind: "signal.handed",
    at: 1,
    signals: [
      { name: "go", id: "b", run: "r" },
      { name: "other", id: "a", run: "r" },
    ],
  });
  expect([line(stage), stage.state.handed]).toEqual([["a"], []]);
});

test("the part in which an item lies follows from its place", () => {
  const stage = new Stage(spread, { list: [1, 2, 3] });
  const items = [0, 2, 4].map((from) => sealed({ items: [1, 2], from }));
  stage.say({ kind: "items.listed", at: 1, slot: 0, items, partLength: 2 });
  stage.lists("more", 1);
  const [first] = openPartsOf(stage.state);
  expect(partWith(stage.state, "all[0].go")).toBe(first);
  expect(partWith(stage.state, "all[1].go")).toBe(first);
  const others = ["all[2].go", "all[99].go", "all[1].", "all[].go", "all[x].go", "more[0].go", "all"];
  expect(others.map((path) => partWith(stage.state, path))).toEqual([
    undefined,
    undefined,
    first,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});
