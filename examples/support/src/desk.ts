// A support desk that is open: an engine with its database, the customers' mailboxes, and a scripted agent at the desk.
// Boundary: one message in, what became of it out; whose messages, and what is printed, is example.ts.
// Invariants: the agent is SIMULATED and says so in what it writes; it decides through the call that an inbox would make.
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { warmEmbeddings } from "@plumbline/example-local-models/embeddings.ts";
import { openEngine, type RunResult, sqlite } from "plumbline";
import { type Embedder, modelEmbedder } from "./embedder.ts";
import { supportFlow } from "./flow.ts";
import { loadHeads } from "./heads.ts";
import { openKnowledgeBase } from "./knowledge-base.ts";
import { Mailbox } from "./mailbox.ts";
import type { CustomerMessage } from "./message.ts";
import { findBadWords } from "./toxicity.ts";

type Output = NonNullable<ReturnType<typeof supportFlow>["gives"]>;

export interface Served {
  readonly run: string;
  readonly outcome: RunResult<Output>["outcome"];
  readonly output: Output;
  readonly degradations: readonly string[];
  /** What the customer received, oldest first. */
  readonly received: readonly string[];
  /** From the arrival of the message until the customer was told something. */
  readonly firstReplyMs: number;
  /** Until the run ended; where a person answers, the person's time is in it. */
  readonly wholeMs: number;
}

export interface SupportDesk extends AsyncDisposable {
  /** Serves one message to its end, with the scripted agent where a person is needed. */
  serve(message: CustomerMessage): Promise<Served>;
  /** From now on embedding a text takes so much longer: a loaded machine, made on purpose. */
  slowDown(delayMs: number): void;
}

const scriptedReply = "This is a script in place of a person: we look into it today and call you back.";

/** Loads models and articles, so that the first customer does not wait for it. */
export async function warmUp(): Promise<void> {
  loadHeads();
  openKnowledgeBase();
  findBadWords("warm up");
  await warmEmbeddings();
}

/** @param folder where the database lies */
export async function openDesk(folder: string): Promise<SupportDesk> {
  const mailbox = new Mailbox();
  let extraMs = 0;
  const embedder: Embedder = async (text, { signal }) => {
    if (extraMs > 0) await setTimeout(extraMs, undefined, { signal });
    return modelEmbedder(text, { signal });
  };
  const flow = supportFlow({ embedder, mailbox });
  const engine = await openEngine({ store: sqlite(join(folder, "support.db")), flows: [flow] });

  const decideWhenAsked = async (run: string) => {
    for await (const { entry } of engine.watch(run)) {
      if (entry.kind !== "approval.requested") continue;
      const path = "route.human.agent";
      await engine.decide({ run, path, decision: { reply: scriptedReply }, by: "scripted agent", id: `${run} agent` });
      return;
    }
  };

  return {
    async serve(message) {
      const before = mailbox.of(message.customer).length;
      const begun = performance.now();
      const started = await engine.start(flow, message);
      const [{ outcome, output, degradations, failure }] = await Promise.all([
        started.result(),
        decideWhenAsked(started.id),
      ]);
      const wholeMs = performance.now() - begun;
      if (output === undefined) throw new Error(`${started.id} has no answer: ${failure?.message}`);
      const received = mailbox.of(message.customer).slice(before);
      const firstReplyMs = (received[0]?.sentAtMs ?? Number.NaN) - begun;
      return {
        run: started.id,
        outcome,
        output,
        degradations: degradations.map(({ path, reason }) => `${path}: ${reason}`),
        received: received.map(({ text }) => text),
        firstReplyMs,
        wholeMs,
      };
    },
    slowDown(delayMs) {
      extraMs = delayMs;
    },
    [Symbol.asyncDispose]: () => engine.close(),
  };
}
