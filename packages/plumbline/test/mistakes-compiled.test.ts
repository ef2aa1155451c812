// What users read when the compiler refuses a flow: the commonest mistakes of fixtures/typing/mistakes.health.ts, each with the
// whole message. A new version of TypeScript may change the words; what must stay is that they name the thing that is wrong.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compile } from "./compiler.ts";

const typing = join(import.meta.dirname, "fixtures/typing");
const file = "mistakes.health.ts";
const marker = /^ *\/\/ mistake: /;

test("each mistake that the compiler finds, and what it says", { timeout: 120_000 }, () => {
  const lines = readFileSync(join(typing, file), "utf8").split("\n");
  const said = new Map(lines.filter((line) => marker.test(line)).map((line) => [nameIn(line), [] as string[]]));
  for (const { line, code, message } of compile(typing, [file]).diagnostics) {
    const mark = lines.slice(0, line).findLast((text) => marker.test(text)) ?? "";
    said.get(nameIn(mark))?.push(`${code} at \`${(lines[line - 1] ?? "").trim()}\`\n${message}`);
  }
  expect([...said].filter(([, messages]) => messages.length === 0)).toEqual([]);
  const told = [...said].map(([name, messages]) => `## ${name}\n${messages.join("\n")}\n`);
  expect(told.join("\n")).toMatchSnapshot();
});

function nameIn(line: string): string {
  return line.replace(marker, "");
}
