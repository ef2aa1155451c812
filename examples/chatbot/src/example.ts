// `npm run example -- chatbot`: talk to it in a terminal (`--chat` anywhere), or watch it answer samples.
// Boundary: lines in and out; a turn is conversation.ts, how well intents are found is quality.ts.
import { createInterface } from "node:readline";
import { styleText } from "node:util";
import { type Conversation, openConversation, type Turn } from "./conversation.ts";
import { findIntent } from "./intent.ts";
import { measureIntents } from "./quality.ts";
import { supplyReplies } from "./reply.ts";

export const about = "The first chatbot: intent, reply, a check for offensive words, a log; talk to it with --chat";
export const switches = { chat: "talk to it, also when standard input is no terminal" };

const samples = [
  "Good morning!",
  "When do you open on Saturday?",
  "My book is due tomorrow, may I keep it longer?",
  "I lost a book, what does it cost?",
  "My name is Ada",
  "My name is Sh1thead",
  "What is the capital of France?",
];

export async function main({ json, chat = false }: { readonly json: boolean; readonly chat?: boolean }): Promise<void> {
  const replies = supplyReplies();
  await findIntent({ message: "warm up" }); // the model is loaded once, and not at the expense of who speaks first
  await using conversation = await openConversation(replies);
  if (!json)
    console.log(`${styleText("bold", "A chatbot for a library (which does not exist)")}\nreplies: ${replies.notice}\n`);
  if (chat || (!json && process.stdin.isTTY)) await talk(conversation, json);
  else await answerSamples(conversation, json, replies.notice);
}

async function talk(conversation: Conversation, json: boolean): Promise<void> {
  const lines = createInterface({ input: process.stdin, terminal: false });
  const turns: Turn[] = [];
  const isTerminal = process.stdin.isTTY && !json;
  const prompt = () => isTerminal && process.stdout.write("you  ");
  if (isTerminal) console.log(styleText("dim", "Ctrl-D ends the conversation."));
  prompt();
  for await (const line of lines) {
    if (line.trim() !== "") turns.push(await conversation.say(line.trim().slice(0, 1_000)));
    const turn = turns.at(-1);
    if (line.trim() !== "" && turn && !json) console.log(turnText(turn));
    prompt();
  }
  if (isTerminal) console.log("");
  if (json) console.log(JSON.stringify({ turns, log: conversation.log.lines() }, undefined, 2));
}

async function answerSamples(conversation: Conversation, json: boolean, replies: string): Promise<void> {
  const turns: Turn[] = [];
  for (const sample of samples) {
    const turn = await conversation.say(sample);
    turns.push(turn);
    if (!json) console.log(`you  ${sample}\n${turnText(turn)}`);
  }
  const quality = await measureIntents();
  const log = conversation.log.lines();
  if (json) console.log(JSON.stringify({ turns, log, quality, replies }, undefined, 2));
  else {
    console.log(`\n${log.length} lines in the log, one for each message`);
    console.log(
      `intents: ${quality.right} of ${quality.sentences} held-out sentences right (written for this example)`,
    );
  }
}

function turnText({ text, intent, score, degradations, ms }: Turn): string {
  const marks = degradations.map((reason) => styleText("yellow", `     degraded: ${reason}`));
  const facts = styleText("dim", `     ${intent} ${score.toFixed(2)}, ${Math.round(ms)} ms`);
  return [`bot  ${text}`, facts, ...marks].join("\n");
}
