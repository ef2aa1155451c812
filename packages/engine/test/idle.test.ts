// Attacks what keeps a process alive: an idle engine must not, a run that waits for its timer must.
import { join } from "node:path";
import { expect, it } from "vitest";
import { Child } from "./fixtures/child.ts";
import { folderOfFile } from "./fixtures/folder.ts";

const folder = folderOfFile();

it.each([
  ["memory", ""],
  ["sqlite", join(folder, "journal.db")],
])("rule 22: a script that closes nothing ends when its runs have ended, and not before: %s", async (_, file) => {
  for (const mode of ["ended", "parked"]) {
    const child = new Child("idle-child.ts", [file, mode]);
    expect(await child.line()).toBe("started");
    expect(await child.line()).toBe("timeout");
    expect(await child.line()).toBe("ended");
    await child.exited;
    expect(child.process.exitCode).toBe(0);
  }
});
