// Leaving while a step is in flight: the first Ctrl-C says what is waited for, the second leaves at once, and nothing is lost.
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { json, start, workFolder } from "./fixtures/command.ts";

vi.setConfig({ testTimeout: 60_000 }); // every call is a process of its own
const folder = workFolder();
const hanging = join(import.meta.dirname, "fixtures/hanging.ts");

it("says which step it waits for and how to leave at once; the run is recorded as it was", async () => {
  const owner = start(folder, "run", hanging, "--input", "{}");
  await owner.errorLine(/hanging +started/);
  const since = performance.now();
  owner.process.kill("SIGINT");
  await owner.errorLine(/! closing waits for steps in flight steps=r\w+ slow atMostMs=2\d{4}\n/);
  await owner.errorLine(/Ctrl-C again leaves at once: what was committed is recorded\n/);
  owner.process.kill("SIGINT");
  const { code } = await owner.ended;
  expect(code).toBe(130);
  expect(performance.now() - since).toBeLessThan(25_000); // its grace is 30 s
  const { document } = await json(folder, "show", "last");
  expect(document).toMatchObject({ flow: "hanging", status: "running" });
});
