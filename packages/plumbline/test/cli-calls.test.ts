// A run that waits for a run that waits for a person: it is left like one that waits itself, and carried on with the decision.
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { json, run, start, workFolder } from "./fixtures/command.ts";

vi.setConfig({ testTimeout: 60_000 }); // every call is a process of its own
const folder = workFolder();
const errand = ["run", join(import.meta.dirname, "fixtures/patterns.ts"), "errand", "--input", "{}"] as const;

it("is left when only a person can move the run that it called, and says the command that does", async () => {
  const { code, stdout, stderr } = await run(folder, ...errand, "--detach");
  expect(code).toBe(5);
  expect(stdout).toMatch(/^errand waits for a person in a run that it called\n/);
  const called = /plumbline approve (\S+\.0) +decide/.exec(stdout)?.[1] as string;
  expect(stderr).toMatch(/permission:boss +waits for desk bosses/);
  expect(stderr).toContain(`plumbline approve ${called}:boss`);
  expect(stderr).not.toContain("carrying on");

  const decided = await json(folder, "approve", called);
  expect([decided.code, decided.document.status]).toEqual([0, "decided"]);
  const { document } = await json(folder, "show", "last");
  expect([document.flow, document.outcome, document.output]).toEqual(["errand", "succeeded", { gone: "gone" }]);
  expect((await json(folder, "show", called)).document).toMatchObject({ parent: { run: document.id } });
});

it("who follows the caller sees its end when another process decides", async () => {
  const owner = start(folder, ...errand, "--json");
  await owner.errorLine(/permission:boss/);
  const { document } = await json(folder, "approvals");
  expect(document.approvals).toMatchObject([{ flow: "permission", path: "boss" }]);
  expect((await run(folder, "reject", document.approvals[0].id)).code).toBe(0);
  const ended = await owner.ended;
  expect([ended.code, JSON.parse(ended.stdout).output]).toEqual([0, { gone: "stayed" }]);
});

it("what an item of a spread map waits for is shown, and answered on the run that somebody started", async () => {
  const patterns = join(import.meta.dirname, "fixtures/patterns.ts");
  const input = ["--input", '{"asks":1001,"waits":3}'];
  const { code, stdout } = await run(folder, "run", patterns, "letters", ...input, "--detach");
  expect([code, stdout]).toMatchObject([
    5,
    expect.stringMatching(/^letters waits for a signal in a run that it called\n/),
  ]);
  const sent = await json(folder, "signal", "last", "stamp", "--value", "true");
  expect([sent.code, sent.document.status, sent.document.carriedOn]).toEqual([0, "received", true]);
  const { document } = await json(folder, "approvals");
  const path = "letters[1001].way.ask.sign";
  expect(document.approvals).toMatchObject([{ flow: "letters", path }]);
  expect((await json(folder, "approvals", "last")).document).toMatchObject({ path, status: "waiting" });
  const decided = await json(folder, "approve", `last:${path}`);
  expect([decided.code, decided.document.status]).toEqual([0, "decided"]);
  expect(decided.document.result).toMatchObject({ flow: "letters", outcome: "succeeded", output: { sent: 1_010 } });
});
