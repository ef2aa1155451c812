// `decide` can be asked again after any crash: it is idempotent, gives nothing for what has settled, and leads every prefix of a journal to an end.
import { simulate, variedOptions } from "@plumbline/testing";
import { expect, test } from "vitest";
import {
  advance,
  decide,
  type Entry,
  fold,
  isSettled,
  newState,
  type Plan,
  type PlanBranch,
  type RunState,
  recover,
  slotAt,
} from "../src/index.ts";
import { mixed } from "./some-entry.ts";
import { error, Stage, sealed } from "./stage.ts";

const env = (now: number) => ({ now, chance: () => 0.5 });

test("advance is decide and fold until nothing is left, and asks no more than decide over all slots would", () => {
  const stage = new Stage(mixed);
  const before = JSON.stringify(stage.state.slots.map(({ status }) => status));
  expect(decide(stage.state, stage.env).entries).toEqual([]);
  expect(decide(stage.state, stage.env)).toEqual(decide(stage.state, stage.env));
  expect(advance(stage.state, stage.env)).toEqual({ entries: [], commands: [] });
  expect(JSON.stringify(stage.state.slots.map(({ status }) => status))).toBe(before);
});

test("commands of the old phase are not given when the phase changes in the same turn", () => {
  const stage = new Stage(mixed);
  stage.answers("effect");
  const { commands } = stage.say(
    { kind: "attempt.lost", at: stage.now, slot: 0, rung: 0, attempt: 1 },
    { kind: "cancel.requested", at: stage.now },
  );
  expect(commands).toEqual([{ kind: "attempt", slot: 1, rung: 0, attempt: 1 }]);
});

/** The simplest of outsides: every attempt works, every condition holds, every timer fires, every undo works. */
function drive(state: RunState, from: number): number {
  let now = from;
  for (let turn = 0; turn < 2_000 && state.phase !== "ended"; turn++) {
    const { commands, entries } = decide(state, env(now));
    expect(entries).toEqual([]);
    for (const command of commands) {
      if ("slot" in command && command.kind !== "compensate")
        expect(isSettled(slotAt(state, command.slot))).toBe(false);
    }
    const [command] = commands;
    if (!command) now = Math.max(now, ...[...state.timers].map((id) => slotAt(state, id).dueAt as number));
    fold(
      state,
      command
        ? resultOf(state, command, now)
        : [...state.timers].map((slot) => ({ kind: "timer.fired", at: now, slot, timer: "retry" }) as const),
    );
    advance(state, env(now));
  }
  return now;
}

type Command = ReturnType<typeof decide>["commands"][number];

function resultOf(state: RunState, command: Command, at: number): Entry[] {
  switch (command.kind) {
    case "attempt":
      return [{ ...command, kind: "step.completed", at, ms: 1, value: sealed(1) }];
    case "ask-condition":
      return [{ kind: "condition.answered", at, slot: command.slot, answer: true }];
    case "ask-breaker":
      return [
        {
          kind: "admission.answered",
          at,
          slot: command.slot,
          breaker: command.breaker.name,
          epoch: 0,
          admission: "admitted",
        },
      ];
    case "declare-decision":
      return slotAt(state, command.slot).node.kind === "signal"
        ? [{ kind: "signal.answered", at, slot: command.slot, via: "timeout", value: sealed({}) }]
        : [{ kind: "approval.decided", at, slot: command.slot, via: command.via, value: sealed({}) }];
    case "compensate":
      return [{ kind: "compensation.completed", at, slot: command.slot, attempt: command.attempt, ms: 1 }];
    case "answer":
    case "answer-deadline":
      return [{ kind: "run.ended", at, outcome: state.degradations.length > 0 ? "degraded" : "succeeded" }];
    default:
      return resultOfNode(state, command, at);
  }
}

type NodeCommand = Exclude<
  Command,
  {
    kind:
      | "attempt"
      | "ask-condition"
      | "ask-breaker"
      | "declare-decision"
      | "compensate"
      | "answer"
      | "answer-deadline";
  }
>;

function resultOfNode(state: RunState, command: NodeCommand, at: number): Entry[] {
  const said = { at, slot: command.slot };
  switch (command.kind) {
    case "ask-choice": {
      const [[key, scope]] = Object.entries((slotAt(state, command.slot).node as PlanBranch).cases) as [
        [string, number],
      ];
      return [{ kind: "scope.entered", ...said, scope, key }];
    }
    case "ask-instant":
      return [{ kind: "sleep.started", ...said, dueAt: at }];
    case "list-items":
      return [{ kind: "items.listed", ...said, items: [sealed(1), sealed(2)] }];
    case "judge-turn":
      return [{ kind: "turn.completed", ...said, turn: command.turn, value: sealed(1), done: true }];
    case "combine":
    case "declare-answer":
      return [{ kind: "scope.completed", ...said, value: sealed(1) }];
    case "call":
      return [{ kind: "call.answered", ...said, outcome: "succeeded", value: sealed(1), ms: 1 }];
    case "stop-call":
      return [{ kind: "call.answered", ...said, outcome: "cancelled", failure: error(), ms: 1 }];
  }
}

test("from any prefix of any journal, recovered, the run goes on to an end", () => {
  for (let seed = 1; seed <= 150; seed++) {
    const { journal, plan } = simulate(variedOptions(seed));
    const entries = journal.map((text) => JSON.parse(text) as Entry);
    for (let length = 1; length <= entries.length; length += 1 + (seed % 3)) {
      const state = fold(newState(JSON.parse(JSON.stringify(plan)) as Plan), entries.slice(0, length));
      const now = Math.max(...entries.slice(0, length).map(({ at }) => at));
      fold(state, recover(state, now));
      const decided = decide(state, env(now));
      expect(decide(state, env(now))).toEqual(decided);
      advance(state, env(now));
      drive(state, now);
      expect([seed, length, state.phase]).toEqual([seed, length, "ended"]);
    }
  }
});

test("the flow with one of everything ends well when all goes well, and is undone when its last step fails", () => {
  const stage = new Stage(mixed);
  drive(stage.state, stage.now);
  expect(stage.state.degradations).toMatchObject([{ path: "ask", kind: "automatic-decision" }]); // nobody was there
  expect(stage.state.outcome).toBe("degraded");
  const failing = new Stage(mixed);
  failing.answers("effect");
  failing.completes("effect");
  failing.completes("read");
  failing.say({
    kind: "admission.answered",
    at: failing.now,
    slot: 2,
    breaker: "desk/d",
    epoch: 0,
    admission: "admitted",
  });
  failing.decides("ask", { approved: true });
  failing.fails("last", error(), false);
  drive(failing.state, failing.now);
  expect([failing.state.outcome, failing.slot("effect").undo]).toEqual(["failed", "done"]);
});
