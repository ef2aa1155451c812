// Goal: the flow stays at 20 lines; each notice ends as its editor, the default or the lost answers say; what hangs on the board is
// what the answers say, once; drafts are the notice's own sentences.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { boardAt, startBoard } from "../src/board.ts";
import { publish } from "../src/configured-flow.ts";
import { Draft, draftCore, draftLead, isFromNotice } from "../src/drafts.ts";
import { problemsOf } from "../src/example.ts";
import { measureKinds } from "../src/kind.ts";
import { examples, heldOut, samples } from "../src/notices.ts";
import { type Published, publishSamples } from "../src/publication.ts";

const folder = mkdtempSync(join(tmpdir(), "plumbline-publish-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("the flow itself has at most 20 lines", () => {
  const lines = readFileSync(join(import.meta.dirname, "../src/flow.ts"), "utf8").split("\n");
  const first = lines.findIndex((line) => line.startsWith("export const publishFlow"));
  const last = lines.findIndex((line, index) => index > first && line === "  });");
  expect(first).toBeGreaterThan(0);
  expect(last - first + 1).toBeGreaterThan(10);
  expect(last - first + 1).toBeLessThanOrEqual(20);
});

test("the two drafts wait for the kind and not for each other", () => {
  const scope = publish.plan.scopes[0];
  const names = scope?.nodes.map(({ name }) => name) ?? [];
  const before = (name: string) =>
    scope?.nodes.find((node) => node.name === name)?.dependsOn.flatMap(({ node }) => names[node] ?? []);
  expect([before("draft-lead"), before("draft-core")]).toEqual([["classify"], ["classify"]]);
  expect(before("editor")?.sort()).toEqual(["classify", "draft-core", "draft-lead"]);
});

describe("the seven notices", () => {
  let published: readonly Published[];
  beforeAll(async () => {
    published = await publishSamples(join(folder, "seven.db"), 400);
  });
  const one = (id: string) => published.find((candidate) => candidate.id === id) as Published;

  test("the editor's choice goes out, as it is or as the editor wrote it", () => {
    expect(one("concert")).toMatchObject({ outcome: "succeeded", kind: "event", via: "person", sendAttempts: 1 });
    expect(one("concert").text).toBe(one("concert").drafts.core);
    expect(one("water")).toMatchObject({ outcome: "succeeded", kind: "warning", text: one("water").drafts.lead });
    expect(one("pool").text).toBe("The swimming pool opens at seven from the first of May.");
    expect(one("rumour")).toMatchObject({ outcome: "succeeded", via: "person", sendAttempts: 0, onBoard: [] });
  });

  test("nobody answers: a warning goes out, anything else does not, and both are marked", () => {
    expect(one("storm")).toMatchObject({ outcome: "degraded", kind: "warning", via: "timeout" });
    expect(one("storm").onBoard).toEqual([one("storm").drafts.lead]);
    expect(one("bridge")).toMatchObject({ outcome: "degraded", kind: "roadworks", via: "timeout", onBoard: [] });
  });

  test("a lost answer is asked for again under the same key; lost for good, it is withdrawn", () => {
    expect(one("pool")).toMatchObject({ outcome: "succeeded", sendAttempts: 2, withdrawn: false });
    expect(one("pool").onBoard).toHaveLength(1);
    expect(one("market")).toMatchObject({
      outcome: "failed",
      via: "person",
      sendAttempts: 2,
      withdrawn: true,
      onBoard: [],
    });
  });

  test("there are seven, and board and answers agree on all of them", () => {
    expect(published.map(({ id }) => id)).toEqual(samples.map(({ id }) => id));
    expect(published.flatMap(problemsOf)).toEqual([]);
  });
});

test("a board that does not agree is a problem", () => {
  const fine: Published = {
    id: "x",
    outcome: "succeeded",
    kind: "event",
    via: "person",
    drafts: { lead: "A", core: "B" },
    text: "A",
    sendAttempts: 1,
    onBoard: ["A"],
    withdrawn: false,
  };
  expect(problemsOf(fine)).toEqual([]);
  expect(problemsOf({ ...fine, onBoard: ["A", "A"] })).toHaveLength(1);
  expect(problemsOf({ ...fine, onBoard: [] })).toHaveLength(1);
});

describe("drafts", () => {
  test("of every sample are short enough and made of its own sentences", async () => {
    for (const { text } of samples) {
      const asked = { text, kind: "warning" } as const;
      const both = [draftLead(asked), await draftCore(asked, { signal: AbortSignal.timeout(10_000) })];
      for (const draft of both)
        expect([Draft.safeParse(draft).success, isFromNotice(draft, asked)]).toEqual([true, true]);
    }
  });

  test("a sentence that is not in the notice breaks the contract, and is named", () => {
    const asked = { text: "The park is open. Dogs are welcome.", kind: "event" } as const;
    expect(isFromNotice("The park is open. Cats are welcome.", asked)).toBe('"Cats are welcome." is not in the notice');
  });
});

test("the board posts a key once, withdraws what it never had, and loses answers only after posting", async () => {
  await using board = await startBoard();
  const client = boardAt(board.url);
  const { signal } = new AbortController();
  await client.post({ id: "a", text: "A" }, "key", signal);
  expect(await client.post({ id: "a", text: "A" }, "key", signal)).toEqual({ id: "board/a" });
  expect(board.posts.size).toBe(1);
  await client.withdraw("unknown");
  expect(board.withdrawn).toEqual([]);
  board.loseAnswers("b", 1);
  await expect(client.post({ id: "b", text: "B" }, "other", signal)).rejects.toThrow("fetch failed");
  expect(board.posts.get("other")).toEqual({ id: "b", text: "B" });
});

test("kinds: 16 of 20 held-out notices, none of which is an example", async () => {
  expect(await measureKinds()).toEqual({ notices: 20, right: 16 });
  const known = new Set(Object.values(examples).flat());
  expect(heldOut.filter(([text]) => known.has(text))).toEqual([]);
});

test("the command prints one document, without problems", () => {
  const root = join(import.meta.dirname, "../../..");
  const args = ["--conditions=plumbline-source", "scripts/example.ts", "publish", "--json"];
  const { status, stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ problems: [], quality: { notices: 20, right: 16 } });
});
