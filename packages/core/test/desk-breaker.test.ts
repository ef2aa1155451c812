// Rule 24 and mission S3, exactly: 300 s to answer; a timeout rejects; the 5th in a row opens the breaker for 1 h and is itself approved,
// as is every request while it is open; any human answer resets the count; after the hour the next timeout opens it again; never a deadlock.
import { describe, expect, test } from "vitest";
import {
  admit,
  type BreakerState,
  breakerOf,
  deskBreakerName,
  evolveBreaker,
  flow,
  newBreaker,
  type PlanApproval,
  vote,
  withVia,
} from "../src/index.ts";
import { any, Stage } from "./stage.ts";

const minute = 60_000;
const hour = 60 * minute;
const s3 = flow("s3", {
  input: any(),
  build: ($) =>
    $.approval("ask", {
      decision: any<{ approved: boolean; reason: string }>(),
      desk: "credit",
      timeout: "300s",
      onTimeout: { approved: false, reason: "timeout" },
      breaker: { after: 5, openFor: "1h", decide: { approved: true, reason: "circuit_breaker_auto_approve" } },
    }),
});

/** A desk in virtual time: as many runs as one likes, one breaker, and what an engine does between them. */
class Desk {
  now = 1_000_000;
  breaker: BreakerState = newBreaker(deskBreakerName("credit"));
  private readonly runs: Stage[] = [];
  private readonly policy = breakerOf(s3.plan.scopes[0]?.nodes[0] as PlanApproval);

  request(): Stage {
    const stage = new Stage(s3);
    stage.now = this.now;
    const id = `run ${this.runs.push(stage)}`;
    expect(stage.due).toEqual(["ask-breaker ask"]);
    const { admission, epoch, entries } = admit(this.breaker, { id, now: this.now, lapseMs: 300_000 + 5_000 });
    for (const entry of entries) evolveBreaker(this.breaker, entry);
    stage.say({ kind: "admission.answered", at: this.now, slot: 0, breaker: this.breaker.name, epoch, admission });
    return stage;
  }

  /** Lets time pass for all runs, in the order of their deadlines. */
  wait(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const due = this.runs.flatMap((run) => run.slot("ask").dueAt ?? []).sort((a, b) => a - b)[0];
      if (due === undefined || due > end) break;
      this.now = due;
      for (const run of this.runs) this.fire(run);
    }
    this.now = end;
    for (const run of this.runs) run.now = end;
  }

  private fire(run: Stage): void {
    run.now = this.now;
    run.wait(0);
    if (!run.due.includes("declare-decision ask timeout")) return;
    const opened = this.count(run, "failure");
    const via = opened ? "breaker" : "timeout";
    const { breaker, onTimeout } = run.slot("ask").node as PlanApproval;
    const declared = (opened ? breaker?.decide : onTimeout) as string;
    run.say({ kind: "approval.decided", at: this.now, slot: 0, via, value: withVia(declared, via) });
  }

  private count(run: Stage, result: "failure" | "answered"): boolean {
    const epoch = run.slot("ask").admission?.epoch ?? 0;
    const id = `run ${this.runs.indexOf(run) + 1}`;
    const { entries, opened } = vote(this.breaker, this.policy, { id, at: this.now, epoch, result });
    for (const entry of entries) evolveBreaker(this.breaker, JSON.parse(JSON.stringify(entry)));
    return opened;
  }

  person(run: Stage): void {
    run.now = this.now;
    expect(run.decides("ask", { approved: true, reason: "looked at it" }, { by: "ada" })).toBe("decided");
    this.count(run, "answered");
  }

  timeouts(count: number): Stage[] {
    return Array.from({ length: count }, () => {
      const run = this.request();
      this.wait(5 * minute);
      return run;
    });
  }
}

const verdict = (run: Stage) => {
  const { approved, via, reason } = run.value("ask") as { approved: boolean; via: string; reason: string };
  return `${via}: ${approved} (${reason})`;
};
const rejected = "timeout: false (timeout)";
const automatic = "breaker: true (circuit_breaker_auto_approve)";
const human = "person: true (looked at it)";

describe("rule 24", () => {
  test("four timeouts reject; the fifth in a row opens the breaker and is itself approved", () => {
    const desk = new Desk();
    expect(desk.timeouts(5).map(verdict)).toEqual([rejected, rejected, rejected, rejected, automatic]);
    expect(desk.breaker).toMatchObject({ status: "open", openUntil: desk.now + hour });
  });

  test("while it is open every request is decided at once, marked, and degrades its run", () => {
    const desk = new Desk();
    desk.timeouts(5);
    for (const pause of [0, 20 * minute, 39 * minute]) {
      desk.wait(pause);
      const run = desk.request();
      expect(verdict(run)).toBe(automatic);
      expect(run.state.degradations).toMatchObject([
        { kind: "automatic-decision", reason: "decided by the desk's open breaker" },
      ]);
      expect(run.all("approval.requested")).toEqual([]);
    }
  });

  test("any human answer resets the count", () => {
    const desk = new Desk();
    desk.timeouts(4);
    desk.person(desk.request());
    expect(desk.timeouts(4).map(verdict)).toEqual([rejected, rejected, rejected, rejected]);
    expect(desk.timeouts(1).map(verdict)).toEqual([automatic]);
  });

  test("after the hour one request probes, the others stay automatic; one more timeout opens it again", () => {
    const desk = new Desk();
    desk.timeouts(5);
    desk.wait(hour);
    const probe = desk.request();
    expect(probe.status("ask")).toBe("asked");
    expect(verdict(desk.request())).toBe(automatic);
    desk.wait(5 * minute);
    expect(verdict(probe)).toBe(automatic);
    expect(desk.breaker).toMatchObject({ status: "open", openUntil: desk.now + hour });
    expect(verdict(desk.request())).toBe(automatic);
    desk.wait(hour);
    expect(desk.request().status("ask")).toBe("asked");
  });

  test("after the hour a human answer to the probe closes it, and the count begins anew", () => {
    const desk = new Desk();
    desk.timeouts(5);
    desk.wait(hour);
    const probe = desk.request();
    desk.person(probe);
    expect(verdict(probe)).toBe(human);
    expect(desk.breaker).toMatchObject({ status: "closed", failures: 0 });
    expect(desk.timeouts(5).map(verdict)).toEqual([rejected, rejected, rejected, rejected, automatic]);
  });

  test("requests that were waiting when it opened keep waiting for their own deadline, and do not count twice", () => {
    const desk = new Desk();
    desk.timeouts(4);
    const fifth = desk.request();
    desk.wait(minute);
    const waiting = desk.request();
    const answered = desk.request();
    desk.wait(4 * minute);
    expect([verdict(fifth), waiting.status("ask")]).toEqual([automatic, "asked"]);
    const until = desk.breaker.openUntil;
    desk.person(answered);
    expect([verdict(answered), desk.breaker.status]).toEqual([human, "closed"]);
    desk.wait(minute);
    expect([verdict(waiting), desk.breaker.failures]).toEqual([rejected, 0]); // admitted in an epoch that is over
    expect(until).toBeGreaterThan(desk.now);
  });

  test("five at once: the fifth of them to time out opens it", () => {
    const desk = new Desk();
    const runs = Array.from({ length: 6 }, () => desk.request());
    desk.wait(5 * minute);
    expect(runs.map(verdict)).toEqual([rejected, rejected, rejected, rejected, automatic, rejected]);
  });

  test("never a deadlock: a probe whose run is gone lapses, and the next request probes", () => {
    const desk = new Desk();
    desk.timeouts(5);
    desk.wait(hour);
    const probe = desk.request();
    probe.cancels();
    expect(probe.state.outcome).toBe("cancelled");
    expect(verdict(desk.request())).toBe(automatic);
    desk.wait(5 * minute + 5_000);
    expect(desk.request().status("ask")).toBe("asked");
  });

  test("without a declared value the decision is asked of the flow's function", () => {
    const byFunction = flow("f", {
      input: any(),
      build: ($) =>
        $.approval("ask", {
          decision: any<object>(),
          desk: "d",
          timeout: 1,
          onTimeout: {},
          breaker: { after: 1, openFor: 1, decide: () => ({}) },
        }),
    });
    const stage = new Stage(byFunction);
    stage.say({
      kind: "admission.answered",
      at: stage.now,
      slot: 0,
      breaker: "desk/d",
      epoch: 1,
      admission: "refused",
    });
    expect(stage.due).toEqual(["declare-decision ask breaker"]);
    expect(stage.crash()).toHaveLength(1);
    expect(stage.due).toEqual(["ask-breaker ask"]);
  });
});
