/**
 * Four steps in a bare asynchronous loop: each result is durable before the next step begins, and nothing else is there.
 *
 * Boundary: group commit and the loop; rows are bare-writer.ts. No contracts, no retries, no timeouts, no recovery, no
 * watchers: it is the ceiling for an engine on these tables, not an engine. Invariants: one batch is under way at a time;
 * what is awaited is durable when it resolves.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { countUp } from "../flows/four-steps.ts";
import { type BareBatch, type Durability, linkLengths, openBareWriter } from "./bare-writer.ts";
import { sqliteTables } from "./tables.ts";

/** Where commits are made: in a thread of their own, or in the loop's, which then stands still for each. */
export type BarePlace = "thread" | "loop";

interface Commits {
  commit(batch: BareBatch): void | Promise<void>;
  close(): Promise<void>;
}

export class BareLoop {
  private readonly commits: Commits;
  private batch = newBatch();
  private waiting: (() => void)[] = [];
  private isBusy = false;
  private isScheduled = false;
  private nextRun = 1;

  private constructor(commits: Commits) {
    this.commits = commits;
  }

  static async open(path: string, durability: Durability, place: BarePlace): Promise<BareLoop> {
    return new BareLoop(await (place === "loop" ? inLoop(path, durability) : inThread(path, durability)));
  }

  /** One run; gives what the fourth step gave. */
  async run(): Promise<number> {
    const run = this.nextRun++;
    const startedAt = Date.now();
    const id = `r${startedAt.toString(36).padStart(9, "0")}${run.toString(36).padStart(12, "0")}`;
    let value = await countUp(0, "first");
    const started = `{"kind":"run.started","at":${startedAt},"run":"${id}","flow":"four-steps","fingerprint":"5cb9dae16220e03d","input":{"n":0}}`;
    await this.link(run, linkLengths[0], `[${started},${completed(0, value)}]`, id);
    value = await countUp(value.n, "second");
    await this.link(run, linkLengths[1], `[${completed(1, value)}]`);
    value = await countUp(value.n, "third");
    await this.link(run, linkLengths[2], `[${completed(2, value)}]`);
    value = await countUp(value.n, "fourth");
    const ended = `{"kind":"run.ended","at":${Date.now()},"outcome":"succeeded","output":${JSON.stringify(value)}}`;
    await this.link(run, linkLengths[3], `[${completed(3, value)},${ended}]`);
    return value.n;
  }

  close(): Promise<void> {
    return this.commits.close();
  }

  private link(run: number, length: number, body: string, id?: string): Promise<void> {
    const { batch } = this;
    batch.runs.push(run);
    batch.lengths.push(length);
    batch.ats.push(Date.now());
    batch.bodies.push(body);
    if (id !== undefined) batch.ids.push(id);
    this.schedule();
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  private schedule(): void {
    if (this.isBusy || this.isScheduled || this.waiting.length + this.batch.runs.length === 0) return;
    this.isScheduled = true;
    setImmediate(() => void this.flush());
  }

  private async flush(): Promise<void> {
    this.isScheduled = false;
    const { batch, waiting } = this;
    this.batch = newBatch();
    this.waiting = [];
    this.isBusy = true;
    const done = this.commits.commit(batch);
    if (done !== undefined) await done; // in place there is nothing to wait for, also not a microtask
    this.isBusy = false;
    for (const resolve of waiting) resolve();
    if (this.batch.runs.length > 0) this.schedule();
  }
}

function completed(slot: number, value: unknown): string {
  return `{"kind":"step.completed","at":${Date.now()},"slot":${slot},"rung":0,"attempt":1,"ms":0.1,"value":${JSON.stringify(value)}}`;
}

type OpenBatch = {
  -readonly [Column in keyof BareBatch]: BareBatch[Column] extends readonly (infer T)[] ? T[] : never;
};

function newBatch(): OpenBatch {
  return { runs: [], lengths: [], ats: [], bodies: [], ids: [] };
}

async function inLoop(path: string, durability: Durability): Promise<Commits> {
  const writer = await openBareWriter(path, durability);
  return { commit: (batch) => writer.commit(batch), close: async () => writer.close() };
}

async function inThread(path: string, durability: Durability): Promise<Commits> {
  await sqliteTables(path);
  const worker = new Worker(new URL("./bare-thread.ts", import.meta.url), { workerData: { path, durability } });
  await once(worker, "message");
  let acknowledge = () => {};
  worker.on("message", () => acknowledge());
  return {
    commit(batch) {
      return new Promise((resolve) => {
        acknowledge = resolve;
        worker.postMessage(batch);
      });
    },
    async close() {
      worker.postMessage("close");
      await once(worker, "exit");
    },
  };
}
