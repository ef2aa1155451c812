// The chat log: every message with its intent and the reply that was sent, in a table of its own.
// Boundary: one file, two calls; knows nothing of flows.
// Invariants: a line is written once for its key, however often it is asked for; the file is opened when it is first needed.
import { DatabaseSync } from "node:sqlite";

export interface LogLine {
  readonly message: string;
  readonly intent: string;
  readonly text: string;
}

export class ChatLog {
  readonly #file: string;
  #opened: DatabaseSync | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  /** Gives the number of the line. */
  append(key: string, { message, intent, text }: LogLine): number {
    const insert = this.#db().prepare("INSERT OR IGNORE INTO log (key, message, intent, text) VALUES (?, ?, ?, ?)");
    insert.run(key, message, intent, text);
    const row = this.#db().prepare("SELECT line FROM log WHERE key = ?").get(key) as { line: number };
    return row.line;
  }

  lines(): LogLine[] {
    const rows = this.#db().prepare("SELECT message, intent, text FROM log ORDER BY line").all();
    return rows.map((row) => ({ ...row })) as unknown as LogLine[];
  }

  close(): void {
    this.#opened?.close();
  }

  #db(): DatabaseSync {
    if (this.#opened === undefined) {
      this.#opened = new DatabaseSync(this.#file);
      this.#opened.exec(
        "CREATE TABLE IF NOT EXISTS log (line INTEGER PRIMARY KEY, key TEXT UNIQUE, message TEXT, intent TEXT, text TEXT)",
      );
    }
    return this.#opened;
  }
}
