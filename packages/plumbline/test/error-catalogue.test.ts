// docs/reference/errors.md has every code and every kind of failure that core declares, once, and no other; each code is thrown
// somewhere. The lists are read from the source, because types are gone at run time.
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const repository = join(import.meta.dirname, "../../..");
const read = (path: string) => readFileSync(join(repository, path), "utf8");
const errors = read("packages/core/src/errors.ts");
const catalogue = read("docs/reference/errors.md");
const rows = [...catalogue.matchAll(/^\| `([a-z-]+)` \| (.+) \|$/gm)].map(([, name = "", cells = ""]) => ({
  name,
  cells,
}));

function membersOf(type: string): string[] {
  const [, union = ""] = new RegExp(`export type ${type} =([^;]+);`).exec(errors) ?? [];
  return [...union.matchAll(/\| "([a-z-]+)"/g)].map(([, member = ""]) => member);
}

test("the catalogue has every code and every kind of failure, and nothing else", () => {
  const codes = membersOf("ErrorCode");
  const kinds = membersOf("FailureKind");
  expect([codes.length > 40, kinds.length > 10]).toEqual([true, true]);
  expect(rows.map(({ name }) => name).sort()).toEqual([...codes, ...kinds].sort());
});

test("each code says what is wrong and how to mend it", () => {
  const codes = new Set(membersOf("ErrorCode"));
  const short = rows.filter(({ name, cells }) => codes.has(name) && !/^\S.{9,} \| \S.{9,}$/.test(cells));
  expect(short).toEqual([]);
});

test("no code is listed that nothing throws", () => {
  const sources = globSync("packages/*/src/**/*.ts", { cwd: repository }).filter(
    (path) => !path.endsWith("/errors.ts"),
  );
  const all = sources.map(read).join("\n");
  expect(membersOf("ErrorCode").filter((code) => !all.includes(`"${code}"`))).toEqual([]);
});

test("the message that the catalogue shows is the one that users read", () => {
  const shown = /^ {4}extract\.timeout: (?:.*\n)(?: {6}.*\n){3}/m.exec(catalogue)?.[0].replace(/^ {4}/gm, "");
  expect(read("packages/plumbline/test/__snapshots__/mistakes.test.ts.snap")).toContain(shown?.trim());
});
