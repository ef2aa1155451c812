/**
 * How people name runs and approvals: an id, its beginning, `last` (of those that no run called), `RUN:PATH`.
 *
 * Boundary: text to ids, by asking the engine. Invariants: a name that fits two runs is refused and both are shown; the
 * search is bounded and says so.
 */
import {
  fold,
  type Journals,
  newState,
  openPartsOf,
  partWith,
  pathOf,
  type RunRecord,
  type RunState,
  type RunSummary,
  slotByPath,
} from "@plumbline/core";
import { CliError } from "./problem.ts";

const pageLength = 1_000;
const maxPages = 50;

/** The id of the run that is meant. @throws CliError `run-unknown`, `run-ambiguous` */
export async function findRun(engine: Journals, name: string): Promise<string> {
  if (name === "last") {
    const { items } = await engine.list({ limit: 1 });
    if (items[0]) return callerOf(engine, items[0].id);
    throw unknown(name, "no runs at all");
  }
  if (await engine.get(name)) return name;
  const found: RunSummary[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < maxPages && found.length < 2; pages++) {
    const page = await engine.list({ limit: pageLength, ...(cursor === undefined ? {} : { cursor }) });
    found.push(...page.items.filter(({ id }) => id.startsWith(name)));
    cursor = page.next;
    if (cursor === undefined) break;
  }
  const [only, other] = found;
  if (only && !other) return only.id;
  if (only) {
    throw new CliError("run-ambiguous", "several runs begin like this", {
      path: name,
      expected: "more of the run's id",
      found: found
        .slice(0, 5)
        .map(({ id }) => id)
        .join(", "),
      mend: "`plumbline runs` lists them",
    });
  }
  throw unknown(
    name,
    cursor === undefined ? "no run that begins so" : `none among the newest ${maxPages * pageLength}`,
  );
}

/** The run that somebody started, of one that a run called. */
async function callerOf(engine: Journals, id: string): Promise<string> {
  const started = (await engine.get(id))?.entries[0];
  const caller = started?.kind === "run.started" ? started.parent?.run : undefined;
  return caller === undefined ? id : callerOf(engine, caller);
}

/** The record of a run that is there. @throws CliError `run-unknown` */
export async function recordOf(engine: Journals, id: string): Promise<RunRecord> {
  const record = await engine.get(id);
  if (!record) throw unknown(id, "nothing");
  return record;
}

function unknown(name: string, found: string): CliError {
  return new CliError("run-unknown", "there is no such run", {
    path: name,
    expected: "the id of a run in this database, an unambiguous beginning of it, or `last`",
    found,
    mend: "`plumbline runs` lists them; --db names another database",
  });
}

/** `RUN:PATH` in its parts. */
export function approvalParts(id: string): { readonly run: string; readonly path?: string } {
  const colon = id.indexOf(":");
  return colon === -1 ? { run: id } : { run: id.slice(0, colon), path: id.slice(colon + 1) };
}

/** Where the approval is that is meant: of a map that is spread over parts, in one of those. Gives a run's id. */
export async function askedIn(engine: Journals, run: string, path: string | undefined): Promise<string> {
  const record = await engine.get(run);
  if (!record) return run;
  const state = fold(newState(record.plan), record.entries);
  if (path !== undefined) {
    const part = slotByPath(state, path) ? undefined : partWith(state, path);
    return part === undefined ? run : askedIn(engine, part, path);
  }
  if (record.summary.waits.some(({ kind }) => kind === "approval")) return run;
  const parts = await Promise.all(openPartsOf(state).map((part) => askedIn(engine, part, undefined)));
  const [only, ...others] = parts;
  return only !== undefined && others.length === 0 ? only : run;
}

/** The path of the approval that is meant. @throws CliError `approval-unknown` */
export function findApproval(state: RunState, path: string | undefined): string {
  const approvals = state.slots.filter(({ node }) => node.kind === "approval");
  // What was asked in a part of the run that is closed has no timer any more.
  const asked = approvals.filter(({ id, status }) => status === "asked" && state.timers.has(id));
  const candidates = asked.length > 0 ? asked : approvals;
  const paths = approvals.map(pathOf);
  if (path !== undefined && paths.includes(path)) return path;
  const [only, other] = candidates;
  if (path === undefined && only && !other) return pathOf(only);
  throw new CliError(
    "approval-unknown",
    path === undefined ? "which approval is meant?" : "this run has no such approval",
    {
      path: path === undefined ? state.run : `${state.run}:${path}`,
      expected:
        paths.length === 0
          ? "a run with an approval"
          : `one of ${paths.map((one) => `${state.run}:${one}`).join(", ")}`,
      found: path ?? `${candidates.length} that it could be`,
      mend: "`plumbline approvals` lists what waits",
    },
  );
}
