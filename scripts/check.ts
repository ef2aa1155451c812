// `npm run check`: format and lint, types, the house's own rules, dead code. Quiet when all is well; else what and where, exit 1.
// `npm run check -- house types` runs the named ones only. The rules live in biome.json, the tsconfigs, knip.jsonc and scripts/checks/.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { checkHouse } from "./checks/house.ts";

const root = process.cwd();
const tools = join(import.meta.dirname, "../node_modules/.bin");

interface Verdict {
  readonly fine: boolean;
  readonly text: string;
}

const checks: Readonly<Record<string, () => Promise<Verdict>>> = {
  lint: () => tool("biome", "check", "--error-on-warnings", "--max-diagnostics=50", "."),
  types: () => tool("tsc", "--project", "tsconfig.json"),
  declarations: () => tool("tsc", "--project", "tsconfig.packages.json"),
  house: async () => {
    const problems = checkHouse(root);
    return { fine: problems.length === 0, text: problems.join("\n") };
  },
  "dead-code": () => tool("knip", "--no-progress", "--no-config-hints"),
};

function tool(name: string, ...options: string[]): Promise<Verdict> {
  const { promise, resolve, reject } = Promise.withResolvers<Verdict>();
  const child = spawn(join(tools, name), options, { cwd: root });
  const output: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => output.push(chunk));
  child.on("error", reject);
  child.on("close", (code) => resolve({ fine: code === 0, text: Buffer.concat(output).toString().trim() }));
  return promise;
}

const named = process.argv.slice(2);
const unknown = named.filter((name) => !(name in checks));
if (unknown.length > 0) {
  console.error(`No such check: ${unknown.join(", ")}. There are: ${Object.keys(checks).join(", ")}.`);
  process.exit(2);
}

const started = performance.now();
const verdicts = await Promise.all(
  Object.entries(checks)
    .filter(([name]) => named.length === 0 || named.includes(name))
    .map(async ([name, run]) => ({ name, ...(await run()) })),
);
const failed = verdicts.filter(({ fine }) => !fine);
for (const { name, text } of failed) console.error(`\n== ${name}\n${text}`);
if (failed.length > 0) {
  console.error(
    `\ncheck: ${failed.map(({ name }) => name).join(", ")} failed. \`npm run fix\` mends format and imports.`,
  );
  process.exitCode = 1;
} else {
  console.log(`check: fine (${((performance.now() - started) / 1000).toFixed(1)} s)`);
}
