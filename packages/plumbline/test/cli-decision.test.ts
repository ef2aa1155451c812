// Decisions over processes: while another one owns the database, and when nobody does.
import { beforeAll, describe, expect, it, vi } from "vitest";
import { json, loans, run, start, workFolder } from "./fixtures/command.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 }); // every call is a process of its own
const folder = workFolder();
const ada = ["run", loans, "loan", "--sample", "ada"] as const;

describe("while another process runs the flow", () => {
  it("a decision reaches it within a second, and the owner ends with the run's outcome", async () => {
    const owner = start(folder, ...ada, "--json");
    await owner.errorLine(/waits for desk underwriting/);
    const { document: list } = await json(folder, "approvals");
    expect(list.approvals).toMatchObject([
      { path: "underwriter", desk: "underwriting", title: "May we lend?", ifNobodyAnswers: '{"approved":false}' },
    ]);
    const { document: asked } = await json(folder, "approvals", list.approvals[0].id);
    expect(asked).toMatchObject({ status: "waiting", needs: { summary: "Ada can pay", income: 4000 } });

    const { code, document } = await json(folder, "approve", list.approvals[0].id, "--by", "grace", "--note", "known");
    expect([code, document.status, document.carriedOn]).toEqual([0, "decided", false]);
    const ended = await owner.ended;
    expect(ended.code).toBe(0);
    const result = JSON.parse(ended.stdout);
    expect(result).toMatchObject({
      outcome: "succeeded",
      output: { approved: true, via: "person", reference: "LN-1" },
    });
    expect(ended.stdout).not.toContain("user code");

    const { document: told } = await json(folder, "why", result.id, "approved");
    expect(told.steps[0]).toMatchObject({ path: "underwriter", by: "grace", story: { decision: { note: "known" } } });
    const { document: shown } = await json(folder, "show", result.id, "--journal");
    const at = (kind: string) => shown.journal.find((moment: { kind: string }) => moment.kind === kind).at;
    expect(at("run.ended") - at("approval.decided")).toBeLessThan(1_000);

    const late = await json(folder, "reject", result.id);
    expect([late.code, late.document.status]).toEqual([6, "late"]);
    expect(late.document.decidedBefore).toMatchObject({ via: "person", by: "grace", decision: { approved: true } });
    const again = await run(folder, "approve", result.id);
    expect(again.stdout).toMatch(/^! too late: grace decided \{"approved":true\} .*; recorded, not used/);
  });

  it("who watches outlives the owner", async () => {
    const owner = start(folder, ...ada);
    await owner.errorLine(/waits for desk/);
    const watcher = start(folder, "resume", "last", "--json");
    await watcher.errorLine(/waits for desk/);
    owner.process.kill("SIGKILL");
    await owner.ended;
    expect((await run(folder, "approve", "last")).code).toBe(0);
    const { code, stdout } = await watcher.ended;
    expect([code, JSON.parse(stdout).outcome]).toEqual([0, "succeeded"]);
  });

  it("who watches takes over soon when nobody else does", async () => {
    const owner = start(folder, ...ada);
    await owner.errorLine(/waits for desk/);
    const watcher = start(folder, "resume", "last", "--json");
    await watcher.errorLine(/waits for desk/);
    owner.process.kill("SIGKILL");
    await owner.ended;
    const since = performance.now();
    while ((await run(folder, "show", "last")).stdout.includes("nobody runs it"));
    expect(performance.now() - since).toBeLessThan(8_000); // a client alone waits 10 s
    expect((await json(folder, "approve", "last")).document.carriedOn).toBe(false);
    expect((await watcher.ended).code).toBe(0);
  });

  it("a second `run` starts its run in the owner", async () => {
    const owner = start(folder, ...ada);
    await owner.errorLine(/waits for desk/);
    const { code, document } = await json(folder, "run", loans, "greet", "--input", '{"name":"Bob"}');
    expect([code, document.output]).toEqual([0, { text: "Hello Bob" }]);
    owner.process.kill("SIGINT");
    expect((await owner.ended).code).toBe(5);
  });
});

describe("when nobody runs it", () => {
  let left: string;
  beforeAll(async () => {
    const owner = start(folder, ...ada, "--key", "left");
    await owner.errorLine(/waits for desk/);
    owner.process.kill("SIGINT");
    const { code, stdout } = await owner.ended;
    expect(code).toBe(5);
    expect(stdout).toMatch(/loan was left; what it did is recorded\n\n {2}plumbline resume/);
    left = (/resume (\w\S+)/.exec(stdout) as RegExpExecArray)[1] as string;
  });

  it("is found by the beginning of its id, and can be resumed and left again", async () => {
    const { code, document } = await json(folder, "resume", left.slice(0, 8), "--detach");
    expect([code, document.id, document.status]).toEqual([5, left, "waiting"]);
    expect((await run(folder, "runs", "--status", "waiting")).stdout).toContain(left);
  });

  it("is shown as left, with how to go on", async () => {
    const shown = (await run(folder, "show", left)).stdout;
    expect(shown).toMatch(/^loan {2}waiting, left: nobody runs it {2}/);
    expect(shown).toContain(`\n  plumbline resume ${left}  goes on with it\n`);
    expect((await run(folder, "runs")).stdout).toContain("nobody runs what has not ended: plumbline resume RUN");
  });

  it("refuses a decision that is none, and one that says the opposite", async () => {
    const wrong = await json(folder, "approve", left, "--decision", '{"approved":"yes"}');
    expect([wrong.code, wrong.document.error.code]).toEqual([2, "decision-invalid"]);
    const opposite = await json(folder, "approve", left, "--decision", '{"approved":false}');
    expect(opposite.document.error).toMatchObject({ code: "usage", mend: "did you mean `plumbline reject`?" });
    expect((await json(folder, "approve", `${left}:nobody`)).document.error.code).toBe("approval-unknown");
  });

  it("`approve` becomes the owner, carries the run to its end and says so", async () => {
    const { code, stdout, stderr } = await run(folder, "approve", left);
    expect(code).toBe(0);
    expect(stderr).toContain("nobody runs this database: carrying the run on here");
    expect(stderr).toMatch(/book +answered/);
    expect(stdout).toMatch(/^✓ decided \{"approved":true\} {2}\S+:underwriter\n\nloan succeeded/);
  });

  it("`cancel` does the same, and comes too late for a run that has ended", async () => {
    await json(folder, ...ada, "--detach");
    const { code, document } = await json(folder, "cancel", "last", "--reason", "sent twice");
    expect([code, document.outcome]).toEqual([0, "cancelled"]);
    expect((await run(folder, "cancel", "last")).code).toBe(6);
  });
});
