// Job: the public face of the commands that cross from other processes to the owner of a database (rules 19, 30).
// Boundary: one line of JSON a message over a local socket; what methods mean and how values are encoded is the caller's.
export { type CommandClient, connectCommands } from "./command-client.ts";
export type { CommandLimits } from "./command-frames.ts";
export { type CommandServer, serveCommands } from "./command-server.ts";
export type { CommandHandler, CommandReply, CommandRequest } from "./command-session.ts";
