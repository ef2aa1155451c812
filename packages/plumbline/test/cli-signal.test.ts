// `plumbline signal` over processes: when nobody runs the flow, twice with the same id, too late, and asked wrongly.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it, vi } from "vitest";
import { json, run, start, workFolder } from "./fixtures/command.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 }); // every call is a process of its own
const folder = workFolder();
const patterns = join(import.meta.dirname, "fixtures/patterns.ts");
const small = ["run", patterns, "office", "--sample", "small", "--detach"] as const;
const paid = ["--value", '{"paid":true}'] as const;
let left: string;

beforeAll(async () => {
  const { code, document } = await json(folder, ...small);
  expect([code, document.status, document.waits]).toMatchObject([5, "waiting", [{ kind: "signal", path: "payment" }]]);
  left = document.id;
});

it("what waits for a signal says the command that sends it, and is no approval", async () => {
  const command = `plumbline signal ${left} payment --value '{"paid":false}'`;
  expect((await run(folder, "show", left)).stdout).toContain(
    `payment waits for signal payment, 3 d left: ${command}\n`,
  );
  expect((await run(folder, "runs")).stdout).toMatch(/office +waiting +.*signal payment, 3 d left/);
  expect((await json(folder, "approvals")).document).toEqual({ approvals: [], next: null });
  expect((await run(folder, "approvals", "--desk", "payment")).stdout).toBe("nothing waits for a person\n");
});

it("a run that was called is held until its caller ends; `last` is the one that somebody started", async () => {
  const { stdout } = await run(folder, "show", `${left}.1`);
  expect(stdout).toMatch(/^history {2}held {2}/);
  expect(stdout).toContain(`called by history of run ${left}\nheld: it has its answer, and the run that called it`);
  expect(stdout).toContain('"claims": 3');
  expect((await json(folder, "show", "last")).document.id).toBe(left);
  expect((await json(folder, "runs", "--status", "held")).document.runs).toMatchObject([{ id: `${left}.1` }]);
  expect((await json(folder, "runs", "--parent", left)).document.runs).toMatchObject([
    { id: `${left}.1`, parent: left },
  ]);
  expect((await json(folder, "runs")).document.runs).toMatchObject([{ id: left }]);
  expect((await json(folder, "runs", "--all")).document.runs).toHaveLength(2);
});

it.each([
  [["payment"], "value-missing"],
  [["payment", "--value", "{"], "json-invalid"],
  [["payment", "--value", '{"paid":"yes"}'], "signal-invalid"],
  [["pament", ...paid], "signal-unknown"],
])("refuses %j with %s and changes nothing", async (args, expected) => {
  const { code, document } = await json(folder, "signal", left, ...args);
  expect([code, document.error.code]).toEqual([2, expected]);
  expect(document.error.mend).not.toBeNull();
});

it("without an owner becomes one, carries the run to its end and says so; the same id counts once; later is too late", async () => {
  writeFileSync(join(folder, "paid.json"), '{"paid":true}');
  const { code, stdout, stderr } = await run(
    folder,
    ...["signal", left, "payment", "--value", "@paid.json", "--by", "the bank", "--id", "t-1"],
  );
  expect(code).toBe(0);
  expect(stderr).toContain("nobody runs this database: carrying the run on here");
  expect(stderr).toMatch(/signal payment came from the bank/);
  expect(stdout).toMatch(/^✓ received payment \{"paid":true\} {2}\S+\n\noffice succeeded/);

  const again = await json(folder, "signal", left, "payment", ...paid, "--id", "t-1");
  expect([again.code, again.document.status, again.document.carriedOn]).toEqual([0, "repeated", false]);
  const late = await json(folder, "signal", left, "payment", ...paid);
  expect([late.code, late.document.status]).toEqual([6, "late"]);
  const { document } = await json(folder, "why", left, "paid");
  expect(document.steps[0]).toMatchObject({ path: "payment", story: { signal: { by: "the bank", id: "t-1" } } });
});

it("reaches the process that runs the flow, also before it waits for it", async () => {
  const owner = start(folder, ...["run", patterns, "office", "--sample", "large", "--json"]);
  await owner.errorLine(/waits for desk claims/);
  const { code, document } = await json(folder, "signal", "last", "payment", ...paid);
  expect([code, document.status, document.carriedOn]).toEqual([0, "received", false]);
  expect((await run(folder, "approve", "last")).code).toBe(0);
  const ended = await owner.ended;
  expect([ended.code, JSON.parse(ended.stdout).output]).toMatchObject([3, { approved: true, paid: true }]);
});
