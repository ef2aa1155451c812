// A sleep waits for the clock: so long, or until an instant that a function of the needs gives; its value is null and nobody pays for it.
import { expect, test } from "vitest";
import { flow, maxLosses, nextDueAt, summaryOf } from "../src/index.ts";
import { any, never, Stage } from "./stage.ts";

const sleeping = flow("sleeping", {
  input: any<{ at: Date }>(),
  build: ($, input) => {
    const short = $.sleep("short", { for: "1m" });
    const long = $.sleep("long", { needs: { at: input.at }, until: ({ at }) => at });
    return { last: $.step("last", { after: [short, long], needs: { short }, output: any() }).by(never) };
  },
});

test("a sleep with a duration begins at once, is waited for, and gives null", () => {
  const stage = new Stage(sleeping);
  expect(stage.all("sleep.started")).toMatchObject([{ slot: 0, dueAt: stage.now + 60_000 }]);
  expect(nextDueAt(stage.state)).toBe(stage.now + 60_000);
  stage.crash();
  expect(stage.wait(60_000)).toMatchObject([{ kind: "timer.fired", slot: 0, timer: "sleep" }]);
  expect([stage.status("short"), stage.needs("last")]).toEqual(["completed", { short: null }]);
});

test("a sleep until an instant asks for it, and is over at once when that has passed", () => {
  const stage = new Stage(sleeping);
  expect(stage.due).toEqual(["ask-instant long"]);
  expect(summaryOf(stage.state).status).toBe("running");
  stage.say({ kind: "sleep.started", at: stage.now, slot: stage.slot("long").id, dueAt: stage.now - 5 });
  expect(summaryOf(stage.state).status).toBe("waiting");
  stage.wait(0);
  expect(stage.status("long")).toBe("completed");
  stage.wait(60_000);
  expect(stage.due).toEqual(["attempt last 0/1"]);
});

test("rule 5: an instant whose function takes the process down is given up", () => {
  const stage = new Stage(sleeping);
  for (let losses = 0; losses < maxLosses; losses++) expect(stage.crash()).toMatchObject([{ kind: "attempt.lost" }]);
  expect(stage.all("step.failed")[0]).toMatchObject({ slot: 1, failure: { kind: "crashed" } });
});
