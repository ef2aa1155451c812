/**
 * What an attempt waits for before it begins: that no other suspect runs, where it is one, and a place at its rung's resource.
 *
 * Boundary: lines in front of an attempt; what it does is attempt.ts, whose lines they are suspects.ts and limits.ts.
 * Invariants: an attempt's own time begins when it has its places, and they are given back when it has ended or is not
 * wanted any more; one whose part of the run is closed waits for nothing: it says that it was not begun.
 */
import { type AttemptCommand, isLive, type PlanRung, type PlanStep, slotAt } from "@plumbline/core";
import { Attempt } from "./attempt.ts";
import { HedgedAttempt } from "./hedge.ts";
import type { Done, Performance, PerformingRun } from "./host.ts";
import { mayBeKept, unlessKept } from "./kept-first.ts";
import type { Release } from "./limits.ts";
import { isSuspect, runsAlone } from "./suspects.ts";

/** Begins something that ends with `done`. */
type Begin = (done: Done) => Performance;

/** Calls back when there is a place, with what gives it back; the answer takes whoever waits out of the line. */
type Line = (begin: (release: Release) => void) => () => void;

export function performAttempt(run: PerformingRun, command: AttemptCommand, done: Done): Performance {
  const { host, state } = run;
  const slot = slotAt(state, command.slot);
  const { limit } = (slot.node as PlanStep).rungs[command.rung] as PlanRung;
  const isAlone = isSuspect(slot);
  if ((!limit && !isAlone) || !isLive(state, slot.frame)) return begin(attemptFor(run, command, done));
  const attempt: Begin = (done) => begin(attemptFor(run, command, done));
  const placed = (next: Begin): Begin =>
    limit ? inLine((begin) => host.limits.enter(limit, begin), next, attempt) : next;
  // The lane first: whoever held a place while it waits for the lane could keep the one in the lane from ending.
  if (isAlone) return inLine(host.alone, placed(marked(run, command, attempt)), attempt)(done);
  if (limit && mayBeKept(slot)) return unlessKept(run, slot, done, () => placed(attempt)(done));
  return placed(attempt)(done);
}

function begin(attempt: Attempt | HedgedAttempt): Performance {
  attempt.begin();
  return attempt;
}

/** With a hedge beside it where the step declares one and there is a rung to be it. */
function attemptFor(run: PerformingRun, command: AttemptCommand, done: Done): Attempt | HedgedAttempt {
  const { hedge, rungs } = slotAt(run.state, command.slot).node as PlanStep;
  const next = rungs[command.rung + 1];
  if (!hedge || !next || next.breaker) return new Attempt(run, command, done);
  return new HedgedAttempt(run, command, hedge.afterMs, done);
}

/** Waits in a line and keeps the place until the end; `unplaced` begins what is not wanted any more, and says so. */
function inLine(enter: Line, next: Begin, unplaced: Begin): Begin {
  return (done) => {
    let release: Release = () => {};
    let inner: Performance | undefined;
    let graceMs: number | undefined;
    let isOver = false;
    const go = (begin: Begin) => {
      inner = begin((entries, blobs) => {
        isOver = true;
        release(entries.some((entry) => entry.kind === "step.completed" && entry.from !== undefined));
        done(entries, blobs);
      });
      if (graceMs !== undefined) inner.abortAfter(graceMs);
    };
    const leave = enter((free) => {
      release = free;
      if (isOver) free();
      else go(next);
    });
    return {
      get isWaiting() {
        return inner ? inner.isWaiting === true : !isOver;
      },
      abortAfter(ms) {
        graceMs = ms;
        if (inner) inner.abortAfter(ms);
        else {
          leave();
          go(unplaced);
        }
      },
      supersede(reason) {
        isOver = true;
        leave();
        inner?.supersede(reason);
        release();
      },
    };
  };
}

/**
 * Says in the journal that it is this suspect's turn before it begins: the next crash then says which of them it was, and
 * those that waited have lost nothing (rule 5).
 */
function marked(run: PerformingRun, command: AttemptCommand, next: Begin): Begin {
  return (done) => {
    let inner: Performance | undefined;
    let isOver = false;
    run.receive(runsAlone(command, run.host.clock.now()));
    run.durably().then(
      () => {
        if (!isOver) inner = next(done);
      },
      () => {}, // the run was dropped, and this with it
    );
    return {
      get isWaiting() {
        return inner === undefined;
      },
      abortAfter: (ms) => inner?.abortAfter(ms),
      supersede(reason) {
        isOver = true;
        inner?.supersede(reason);
      },
    };
  };
}
