// A conversation: message after message through the flow, each a run of its own.
// Boundary: an engine in memory and a log; where messages come from and what is printed is example.ts.
import { openEngine, type RunResult } from "plumbline";
import { ChatLog } from "./chat-log.ts";
import { chatbotFlow } from "./flow.ts";
import type { Replies } from "./reply.ts";

export interface Turn {
  readonly message: string;
  readonly text: string;
  readonly intent: string;
  readonly score: number;
  readonly outcome: string;
  /** Why the run is marked degraded. */
  readonly degradations: readonly string[];
  readonly ms: number;
}

export interface Conversation extends AsyncDisposable {
  say(message: string): Promise<Turn>;
  readonly log: ChatLog;
}

export async function openConversation(replies: Replies, logFile = ":memory:"): Promise<Conversation> {
  const log = new ChatLog(logFile);
  const flow = chatbotFlow(replies, log);
  const engine = await openEngine({ flows: [flow] });
  return {
    log,
    async say(message) {
      const run = await engine.start(flow, { message });
      const result = await run.result();
      return turnOf(message, result);
    },
    async [Symbol.asyncDispose]() {
      await engine.close();
      log.close();
    },
  };
}

type Said = { readonly text: string; readonly intent: { readonly name: string; readonly score: number } };

function turnOf(message: string, { output, outcome, degradations, failure, ms }: RunResult<Said>): Turn {
  if (output === undefined) throw new Error(`the run ended ${outcome}: ${failure?.message}`);
  const { text, intent } = output;
  const reasons = degradations.map(({ path, reason }) => `${path}: ${reason}`);
  return { message, text, intent: intent.name, score: intent.score, outcome, degradations: reasons, ms };
}
