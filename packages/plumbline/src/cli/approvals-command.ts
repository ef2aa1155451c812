/**
 * `plumbline approvals [ID]`: what waits for a person, or one request with what it is about.
 *
 * Boundary: lists through the Journals port; the values of a request are opened here and nowhere stored. Invariant: what
 * happens when nobody answers stands beside every request.
 */
import {
  fold,
  type Journals,
  type ListQuery,
  newState,
  open,
  type PlanApproval,
  type RunRecord,
  type RunSummary,
  resolve,
  type Slot,
  sealedIn,
  slotByPath,
  type Wait,
} from "@plumbline/core";
import { withJournals } from "./database.ts";
import { type ExitCode, exitCodes } from "./exit-code.ts";
import { ifNobodyAnswers } from "./frame.ts";
import { jsonText } from "./json-text.ts";
import { clean, clipped, relative, shellWord } from "./phrase.ts";
import { approvalParts, askedIn, findApproval, findRun, recordOf } from "./run-name.ts";
import { indented } from "./run-report.ts";
import { limitOf, timeLeft } from "./runs-command.ts";
import { answer, databaseHint, option, type Session } from "./session.ts";
import { table } from "./table.ts";

interface Request {
  readonly summary: RunSummary;
  readonly wait: Wait;
  readonly node: PlanApproval;
}

export async function approvalsCommand(session: Session): Promise<ExitCode> {
  const [id] = session.given.args;
  await withJournals(session, (engine) => (id === undefined ? list(session, engine) : detail(session, engine, id)));
  return exitCodes.fine;
}

async function list(session: Session, engine: Journals): Promise<void> {
  const { requests, next } = await requestsOf(session, engine);
  answer(
    session,
    () => ({ approvals: requests.map(requestDocument), next: next ?? null }),
    () => listText(requests, session),
  );
}

/** A page; runs that wait for a signal are listed with those that wait for a person, and looked past. */
async function requestsOf(
  session: Session,
  engine: Journals,
): Promise<{ readonly requests: readonly Request[]; readonly next: string | undefined }> {
  const desk = option(session, "desk");
  const limit = limitOf(session);
  const requests: Request[] = [];
  let next: string | undefined;
  for (let pages = 0; pages < maxPages; pages++) {
    const query: ListQuery = { desk: desk ?? "*", limit, ...(next === undefined ? {} : { cursor: next }) };
    const page = await engine.list(query);
    for (const { id, waits } of page.items) {
      const asked = waits.filter((wait) => wait.kind === "approval" && (desk === undefined || wait.desk === desk));
      if (asked.length === 0) continue;
      const record = await recordOf(engine, id);
      const { summary } = record;
      for (const wait of asked) {
        const node = slotOf(record, wait.path)?.node;
        if (node?.kind === "approval") requests.push({ summary, wait, node });
      }
    }
    next = page.next;
    if (next === undefined || requests.length >= limit) break;
  }
  return { requests, next };
}

const maxPages = 50;

function slotOf(record: RunRecord, path: string): Slot | undefined {
  return slotByPath(fold(newState(record.plan), record.entries), path);
}

function requestDocument({ summary, wait, node }: Request): Record<string, unknown> {
  return {
    id: `${summary.id}:${wait.path}`,
    run: summary.id,
    path: wait.path,
    flow: summary.flow,
    key: summary.key ?? null,
    desk: wait.desk,
    title: node.title ?? null,
    since: wait.since,
    dueAt: wait.dueAt,
    ifNobodyAnswers: ifNobodyAnswers(node),
  };
}

function listText(requests: readonly Request[], { out, now: clock }: Session): string {
  const { paint } = out;
  const now = clock();
  if (requests.length === 0) return `${paint("dim", "nothing waits for a person")}\n`;
  return table(
    requests,
    [
      { title: "ID", cell: ({ summary, wait }) => `${summary.id}:${clean(wait.path)}` },
      { title: "FLOW", cell: ({ summary }) => clean(summary.flow) },
      { title: "KEY", cell: ({ summary }) => clipped(clean(summary.key ?? ""), 20) },
      { title: "DESK", cell: ({ wait }) => clean(wait.desk) },
      { title: "ASKED", cell: ({ wait }) => relative(wait.since, now), right: true },
      { title: "TIME", cell: ({ wait }) => paint("cyan", timeLeft(wait.dueAt, now)), right: true },
      { title: "IF NOBODY ANSWERS", cell: ({ node }) => clipped(clean(ifNobodyAnswers(node)), 40) },
    ],
    paint,
  );
}

async function detail(session: Session, engine: Journals, id: string): Promise<void> {
  const { run: name, path: given } = approvalParts(id);
  const record = await recordOf(engine, await askedIn(engine, await findRun(engine, name), given));
  const state = fold(newState(record.plan), record.entries);
  const path = findApproval(state, given);
  const slot = slotByPath(state, path) as Slot;
  const node = slot.node as PlanApproval;
  const about = await needsOf(engine, record, slot);
  const { summary } = record;
  const wait = summary.waits.find((one) => one.path === path);
  const { paint } = session.out;
  answer(
    session,
    () => ({
      ...(wait ? requestDocument({ summary, wait, node }) : { id: `${summary.id}:${path}`, run: summary.id, path }),
      status: slot.status === "asked" ? "waiting" : slot.status,
      decision: slot.decision ? { via: slot.decision.via, by: slot.decision.by ?? null } : null,
      needs: about,
    }),
    () => {
      const stands = wait
        ? `waits for ${node.desk}, ${timeLeft(wait.dueAt, session.now())}; if nobody answers: ${ifNobodyAnswers(node)}`
        : `does not wait: ${slot.status}`;
      const title = node.title === undefined ? [] : ["", `  ${paint("bold", clean(node.title))}`];
      const how = wait
        ? [
            "",
            ...["approve", "reject"].map(
              (name) => `  plumbline ${name} ${shellWord(`${summary.id}:${path}`)}${databaseHint(session.db)}`,
            ),
          ]
        : [];
      const head = `${paint("bold", clean(summary.flow))}  ${clean(path)}  ${paint("dim", summary.id)}`;
      return `${[head, `  ${paint("cyan", clean(stands))}`, ...title, "", indented(jsonText(about, 2)), ...how].join("\n")}\n`;
    },
  );
}

/** What the person is shown: the needs of the approval, as far as they are there. */
async function needsOf(engine: Journals, record: RunRecord, slot: Slot): Promise<unknown> {
  const state = fold(newState(record.plan), record.entries);
  const values = new Map<string, unknown>();
  for (const sealed of sealedIn(state, slot.frame, slot.node.needs)) {
    values.set(sealed, await engine.open(record.summary.id, sealed).catch(() => undefined));
  }
  // Constants of the plan are sealed too, and never kept elsewhere.
  return resolve(state, slot.frame, slot.node.needs, (sealed) =>
    values.has(sealed) ? values.get(sealed) : open(sealed),
  );
}
