// What people see of nested scopes: lines below the node that opened them, long maps as progress, logs that stay short, `why` in words.
import { type Flow, type RunRecord, slotByPath } from "@plumbline/core";
import { openEngine } from "@plumbline/engine";
import { why } from "@plumbline/insight";
import { describe, expect, it } from "vitest";
import { frameOf } from "../src/cli/frame.ts";
import { JournalLog } from "../src/cli/journal-log.ts";
import { LiveRun } from "../src/cli/live-run.ts";
import { columnsOf } from "../src/cli/phrase.ts";
import { outputOf, type Paint } from "../src/cli/terminal.ts";
import { whyText } from "../src/cli/why-text.ts";
import { crowd, history, office } from "./fixtures/patterns.ts";

const plain: Paint = (_style, text) => text;
const size = { columns: 90, rows: 40 };

/** A run to its end: a person and a signal answer as soon as they are waited for. */
async function journal(flow: unknown, input: unknown): Promise<RunRecord> {
  const engine = await openEngine({ flows: [flow as Flow, history as Flow], onWarning: () => {} });
  try {
    const { id } = await engine.start((flow as Flow).name, input);
    for await (const { entry } of engine.watch(id)) {
      if (entry.kind === "approval.requested")
        await engine.decide({ run: id, decision: { approved: true }, by: "Mia" });
      if (entry.kind === "signal.awaited") await engine.signal({ run: id, name: "payment", value: { paid: true } });
    }
    return (await engine.get(id)) as RunRecord;
  } finally {
    await engine.close();
  }
}

function upTo(record: RunRecord, isThere: (live: LiveRun) => boolean): LiveRun {
  const live = new LiveRun(record.plan);
  for (const entry of record.entries) {
    live.receive(entry);
    if (isThere(live)) return live;
  }
  throw new Error("the run never came there");
}

const shown = (live: LiveRun, now = live.state.updatedAt) =>
  frameOf(live, now, size, plain)
    .slice(2, -2)
    .map((line) => line.replace(/ +(<?[\d.]+ m?s)?$/, ""));

function logOf(record: RunRecord): string[] {
  let text = "";
  const log = new JournalLog(
    outputOf({}, (part) => {
      text += part;
    }),
    "",
  );
  const live = new LiveRun(record.plan);
  for (const [index, entry] of record.entries.entries()) {
    live.receive(entry);
    log.tell(live, entry, index);
  }
  return text.trimEnd().split("\n");
}

const large = { customer: "Bob", pages: ["one", "torn", "three"], amount: 900, graph: "down" };

describe("a frame", () => {
  it("has what lies in a scope below the node that opened it: the case, the last turn, items and votes", async () => {
    const live = upTo(await journal(office, large), ({ asked }) => asked.length > 0);
    expect(shown(live, (slotByPath(live.state, "decision.clerk.sign")?.dueAt ?? 0) - 61_000)).toEqual([
      "  ✓ pages         3 items, 1 left out",
      "  ✓   [0].read",
      "  ✗   [1].read    it is torn",
      "  ✓   [2].read",
      expect.stringMatching(/^ {2}✓ history {7}run \S+\.1$/),
      "  ✓ risk          2 of 3 votes, 2 needed, without graph (error)",
      "  ✓   rules",
      "  ✓   trees",
      "  ✗   graph       the graph is down",
      "  ✓ letter        turn 2 of 3 was enough",
      "  ✓   [2].draft",
      "  ◆ decision      case clerk",
      "  ◆   clerk.sign  waits for claims, 1 m 01 s left",
      "      May we pay?",
      '      if nobody answers: {"approved":false}',
      `      plumbline approve ${live.state.run}`,
      "  · cool-off      after decision",
      "  · payment       after cool-off",
    ]);
    expect(frameOf(live, live.state.updatedAt, size, plain).at(-1)).toMatch(
      /^ {2}waiting · .* · 4 of 7 steps · 2 degra/,
    );
    expect(live.isParked).toBe(true);
  });

  it("says how a signal is sent, and is parked while one is waited for; a sleep is left to the clock", async () => {
    const record = await journal(office, large);
    const asleep = upTo(record, ({ state }) => slotByPath(state, "cool-off")?.status === "sleeping");
    expect(shown(asleep, slotByPath(asleep.state, "cool-off")?.dueAt)).toContain("  ◆ cool-off      sleeps, 0 s left");
    expect([asleep.isParked, asleep.waits]).toEqual([false, true]);
    const live = upTo(record, ({ awaited }) => awaited.length > 0);
    expect(shown(live, (slotByPath(live.state, "payment")?.dueAt ?? 0) - 5_000).slice(-3)).toEqual([
      "  ◆ payment       waits for signal payment, 5 s left",
      '      if nothing comes: {"paid":false}',
      `      plumbline signal ${live.state.run} payment --value '{"paid":false}'`,
    ]);
    expect([live.isParked, live.asked]).toEqual([true, []]);
  });

  it("shows a long map as progress: items in motion and those that failed, never a line for each", async () => {
    const record = await journal(crowd, { items: 300 });
    const half = upTo(record, ({ state }) => {
      const inside = slotByPath(state, "squares")?.inside;
      return inside !== undefined && inside.frames.length - inside.open === 150;
    });
    const lines = shown(half);
    expect(lines.length).toBeLessThanOrEqual(8);
    expect(lines[1]).toMatch(/^ {2}. squares +━{6}─{6} +50 % 150 of 300 items, 1 left out$/);
    for (const line of frameOf(half, half.state.updatedAt, { columns: 50, rows: 12 }, plain)) {
      expect(columnsOf(line)).toBeLessThanOrEqual(50);
    }
    const ended = upTo(record, ({ state }) => state.phase === "ended");
    expect(shown(ended)).toEqual(
      [
        "  ✓ count",
        "  ✓ squares           300 items, 3 left out",
        "  ✗   [99].square   99 cannot be squared",
        "  ✗   [199].square  199 cannot be squared",
        "  ✗   [299].square  299 cannot be squared",
        "  ✓ middle",
      ].map((line) => expect.stringMatching(new RegExp(`^${line.replace(/ {2,}/g, " +").replaceAll("[", "\\[")}$`))),
    );
  });
});

describe("a log", () => {
  it("tells a long map in tenths, and what of it failed", async () => {
    const lines = logOf(await journal(crowd, { items: 300 })).map((line) => line.replace(/^\s*\+[<\d.]+ m?s\s+/, ""));
    expect(lines.filter((line) => line.startsWith("squares"))).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^squares +300 items, at most 10 at once$/),
        expect.stringMatching(/^squares +30 of 300 items$/),
        expect.stringMatching(/^squares +270 of 300 items, 2 left out$/),
        expect.stringMatching(/^squares +item 299 failed and is done without: /),
        expect.stringMatching(/^squares +answered: 300 items, 3 left out$/),
      ]),
    );
    expect(lines.length).toBeLessThan(25);
  });

  it("says how what waits is answered, with the whole path", async () => {
    const record = await journal(office, large);
    const text = logOf(record).join("\n");
    const { id } = record.summary;
    expect(text).toContain(`if nobody answers: {"approved":false}; plumbline approve ${id}:decision.clerk.sign\n`);
    expect(text).toContain(
      `if nothing comes: {"paid":false}; plumbline signal ${id} payment --value '{"paid":false}'\n`,
    );
    expect(text).toMatch(/decision {13}goes into case clerk\n/);
  });
});

describe("`why` in words", () => {
  it("names case, turn, votes and items, and leads into the run that was called", async () => {
    const record = await journal(office, large);
    const text = whyText(why(record, "approved"), { paint: plain, columns: 120 }, " --db x.db");
    expect(text).toContain("  ✓ decision  succeeded  case clerk\n      gave         true\n");
    expect(text).toContain("      made of      decision.clerk.sign.approved\n      chosen by    risk.value\n");
    expect(text).toMatch(/✓ decision\.clerk\.sign {2}succeeded {2}by Mia after /);
    expect(text).toContain("risk  succeeded  2 of 3 votes, 2 needed, without graph (error)\n");
    expect(text).toContain("      not graph    the graph is down\n      made of      risk.rules, risk.trees\n");
    expect(text).toContain("letter  succeeded  turn 2 of 3 was enough\n");
    expect(text).toContain("      needed       before from letter[1].draft, read from pages\n");
    expect(text).toContain("      not item 1   pages[1].read failed: it is torn\n");
    expect(text).toContain(`called       history, succeeded: plumbline why ${record.summary.id}.1 claims --db x.db\n`);
  });

  it("counts what went alike", async () => {
    const text = whyText(why(await journal(crowd, { items: 300 })), { paint: plain, columns: 100 });
    expect(text).toContain("4. squares  3 of 300 items failed and were left out: 99, 199, 299\n");
    expect(text.match(/squares\[\d+\]\.square {2}succeeded/g)).toHaveLength(3);
    expect(text).toContain("and 94 steps more like squares[…].square\n");
  });
});
