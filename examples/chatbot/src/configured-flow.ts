// The flow with what the environment says, for the command: replies as in reply.ts, the log in chat-log.db of this folder.
// Boundary: configuration alone; the log is opened by the first message.
import { ChatLog } from "./chat-log.ts";
import { chatbotFlow } from "./flow.ts";
import { supplyReplies } from "./reply.ts";

export const chatbot = chatbotFlow(supplyReplies(), new ChatLog("chat-log.db"));
