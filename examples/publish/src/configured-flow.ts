// The flow for the command: the board that BOARD_URL names, and two hours for an editor.
// Boundary: configuration alone.
import { boardAt } from "./board.ts";
import { publishFlow } from "./flow.ts";

export const publish = publishFlow(boardAt(process.env["BOARD_URL"] ?? "http://127.0.0.1:4020"), "2h");
