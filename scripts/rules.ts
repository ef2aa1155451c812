// Job: says which tests attack which promise. `node scripts/rules.ts` writes docs/rules.md from the titles of the tests.
// Boundary: reads test files as text; scripts/test/rules.test.ts fails when a rule has no test or the page is not up to date.
// Invariant: a test names its rules in its title or in its file's opening comment, as "rule 7" or "rules 7 and 8".
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const repository = join(import.meta.dirname, "..");
export const page = "docs/rules.md";

/** The promises, shortened. */
export const rules: readonly { readonly number: number; readonly promise: string }[] = [
  { number: 1, promise: "Nothing leaves a run before it is committed; commits are prefix-ordered within a run." },
  {
    number: 2,
    promise: "A step's result is durable before a step that depends on it starts, unless that one is pure.",
  },
  { number: 3, promise: "No effect starts before its start mark is durable; reads and pure steps write none." },
  { number: 4, promise: "An error from commit is fail-stop; one bad row never fails its neighbours." },
  {
    number: 5,
    promise: "Lost attempts are declared and counted apart; a poison step cannot keep the engine in a crash loop.",
  },
  { number: 6, promise: "One idempotency key for all attempts of a rung; the attempt's own id differs." },
  {
    number: 7,
    promise: "An effect not proven unapplied is in doubt; the next rung waits until it is settled or undone.",
  },
  { number: 8, promise: "Undoing runs in reverse order of start, with its own retries; what stands is listed." },
  { number: 9, promise: "Running, stopping, undoing, ended; the first cause in the journal is the cause." },
  { number: 10, promise: "A called run that ended is held until its caller ends, and undone with it." },
  { number: 11, promise: "Schema, then checks with reasons; a broken contract is a failed attempt with feedback." },
  { number: 12, promise: "Dropped fields are recorded, or break the contract." },
  { number: 13, promise: "What a step is given live is what it would be given after a recovery." },
  { number: 14, promise: "Every departure from the first choice is a degradation with path and reason." },
  { number: 15, promise: "optional absorbs a skip, or a failure; firstOf takes what ran." },
  {
    number: 16,
    promise:
      "Cache and lastGood: version required, key by needs, degraded results not stored, provenance carried, one maker.",
  },
  {
    number: 17,
    promise: "Retries, fallbacks and timers are the core's; deadlines are absolute; every wait has a timeout.",
  },
  { number: 18, promise: "A timeout aborts; what comes late is recorded by its hash and never used." },
  { number: 19, promise: "What arrived is applied before overdue timers; an answer and a timeout are decided once." },
  {
    number: 20,
    promise:
      "Signals are kept in order, idempotent by id, one for each wait, bounded, never lost before the wait begins.",
  },
  { number: 21, promise: "A clock that jumps pauses timers loudly." },
  { number: 22, promise: "A run parked on a person or a timer holds no memory beyond the store's index." },
  { number: 23, promise: "Breakers are machines of their own; stale, aborted and superseded outcomes never count." },
  {
    number: 24,
    promise: "A desk's breaker opens on timeouts in a row, decides by itself, probes, and closes on a human answer.",
  },
  { number: 25, promise: "A key gives one run; with another input it is a conflict." },
  { number: 26, promise: "The journal is append-only and hash-chained." },
  { number: 27, promise: "The projection rebuilt from the journal is the projection." },
  { number: 28, promise: "A changed flow continues a run, or says which step holds it." },
  { number: 29, promise: "Newer and foreign files are refused, older ones are brought up by adding." },
  { number: 30, promise: "One owner per file; others send commands, wait, or become the owner." },
  { number: 31, promise: "A blob belongs to a run and is durable with the entry that names it." },
  { number: 32, promise: "Everything is bounded." },
  { number: 33, promise: "Bad input is a value with a path and a reason, at the boundary where it came in." },
];

/** Test files by the rules that they name. */
export function testsByRule(): Map<number, string[]> {
  const found = new Map<number, string[]>();
  const files = globSync("{packages,examples,scripts}/*/test/**/*.test.ts", {
    cwd: repository,
    exclude: (path) => path.includes("node_modules"),
  }).sort();
  for (const file of files) {
    for (const number of rulesNamedIn(readFileSync(join(repository, file), "utf8"))) {
      found.set(number, [...(found.get(number) ?? []), file]);
    }
  }
  return found;
}

function rulesNamedIn(text: string): Set<number> {
  const numbers = new Set<number>();
  for (const [, list] of text.matchAll(/\brules? ((?:\d+(?:-\d+)?(?:, | and |, and )?)+)/g)) {
    for (const part of (list ?? "").split(/, and |, | and /)) {
      const [first = Number.NaN, last = first] = part.split("-").map(Number);
      for (let number = first; number <= last; number++) numbers.add(number);
    }
  }
  return numbers;
}

/** The page as it should be. */
export function rulesPage(): string {
  const tests = testsByRule();
  const rows = rules.map(({ number, promise }) => {
    const files = (tests.get(number) ?? []).map((file) => `\`${file}\``);
    return `| ${number} | ${promise} | ${files.join("<br>")} |`;
  });
  return [
    "# Promises, and the tests that attack them",
    "",
    "Written by `node scripts/rules.ts` from the tests themselves.",
    "",
    "| rule | promise | tests |",
    "|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}

if (import.meta.main) writeFileSync(join(repository, page), rulesPage());
