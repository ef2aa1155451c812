// Takes the sample notices through the flow, with a scripted editor, and looks at what hangs on the board afterwards.
// Boundary: an engine on an SQLite file and a board on loopback; what is printed is example.ts.
// Invariant: what is told of a run comes from its result and its journal; what is told of the board, from the board.
import { type Engine, openEngine, type RunHandle, type RunResult, sqlite } from "plumbline";
import { type BoardService, boardAt, startBoard } from "./board.ts";
import { publishFlow } from "./flow.ts";
import { type NoticeSample, samples } from "./notices.ts";

export interface Published {
  readonly id: string;
  readonly outcome: string;
  readonly kind: string;
  readonly via: string;
  /** What the editor was shown. */
  readonly drafts: { readonly lead: string; readonly core: string };
  /** What went out; absent when nothing did. */
  readonly text?: string;
  readonly sendAttempts: number;
  readonly failure?: string;
  /** What hangs on the board under this notice's id, as the board says; more than one would be a fault. */
  readonly onBoard: readonly string[];
  readonly withdrawn: boolean;
}

type Output = { readonly kind: string; readonly text: string; readonly via: string; readonly post: string | undefined };

export async function publishSamples(database: string, editorTimeoutMs: number): Promise<Published[]> {
  await using board = await startBoard();
  const flow = publishFlow(boardAt(board.url), editorTimeoutMs);
  const engine = await openEngine({ store: sqlite(database), flows: [flow] });
  try {
    return await Promise.all(
      samples.map(async (sample) => {
        board.loseAnswers(sample.id, sample.lostAnswers ?? 0);
        const run = await engine.start(flow, { id: sample.id, text: sample.text }, { key: sample.id });
        await edit(engine, run, sample);
        return publishedOf(engine, await run.result(), sample, board);
      }),
    );
  } finally {
    await engine.close();
  }
}

/** The editor of the script looks at the drafts and decides, or does not. */
async function edit(engine: Engine, run: RunHandle, { editor }: NoticeSample): Promise<void> {
  for await (const { entry } of engine.watch(run.id)) if (entry.kind === "approval.requested") break;
  if (editor === undefined) return;
  const { lead, core } = await draftsOf(engine, run.id);
  const text = typeof editor === "object" ? editor.text : { lead, core, nothing: "" }[editor];
  await engine.decide({ run: run.id, decision: { text }, by: "scripted editor" });
}

async function draftsOf(engine: Engine, run: string): Promise<Published["drafts"]> {
  const record = await engine.get(run);
  const names = record?.plan.scopes[0]?.nodes.map(({ name }) => name) ?? [];
  const draftOf = async (name: string) => {
    const entry = record?.entries.find((one) => one.kind === "step.completed" && names[one.slot] === name);
    return entry?.kind === "step.completed" ? ((await engine.open(run, entry.value)) as string) : "";
  };
  return { lead: await draftOf("draft-lead"), core: await draftOf("draft-core") };
}

async function publishedOf(
  engine: Engine,
  { id: run, outcome, output, partial, failure }: RunResult<Output>,
  { id }: NoticeSample,
  board: BoardService,
): Promise<Published> {
  const record = await engine.get(run);
  const attempts = record?.entries.filter(({ kind }) => kind === "attempt.started").length ?? 0;
  return {
    id,
    outcome,
    kind: output?.kind ?? (partial["classify"] as { name: string }).name,
    via: output?.via ?? (partial["editor"] as { via: string }).via,
    drafts: await draftsOf(engine, run),
    ...(output?.post === undefined ? {} : { text: output.text }),
    sendAttempts: attempts,
    ...(failure === undefined ? {} : { failure: failure.message }),
    onBoard: [...board.posts.values()].filter((post) => post.id === id).map(({ text }) => text),
    withdrawn: board.withdrawn.includes(id),
  };
}
