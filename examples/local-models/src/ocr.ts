// Text from page images, read by tesseract.js with the English data of an npm package (nothing is downloaded).
// Boundary: an encoded image in, text and confidence out; judging the text is the caller's business.
// Invariants: at most `size` pages are read at a time; an abort really stops the work, because the worker thread
// that does it is terminated; idle workers do not keep the process alive.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Worker as Thread } from "node:worker_threads";
import { createWorker, OEM, PSM, type Worker } from "tesseract.js";

export interface OcrResult {
  readonly text: string;
  /** The engine's own opinion, 0-100: tells a readable page from an unreadable one, not a right letter from a wrong one. */
  readonly confidence: number;
}

export interface OcrOptions {
  readonly signal?: AbortSignal | undefined;
  /** For reading the page itself; waiting for a free worker and starting one do not count. */
  readonly timeLimitMs?: number | undefined;
}

/** A page was not read within its time limit: unreadable ones take many times longer than others. */
export class OcrTimeLimit extends Error {
  readonly code = "ocr-time-limit";
}

/** A few OCR workers, started when first needed and replaced when an abort has killed one. */
export class OcrPool {
  #free: number;
  readonly #idle: Worker[] = [];
  readonly #waiting: (() => void)[] = [];
  #closed = false;

  constructor(size = 2) {
    this.#free = size;
  }

  /**
   * Reads one image (PNG, JPEG). Rejects with the signal's reason when aborted, with OcrTimeLimit when it takes too
   * long, and with the engine's own error otherwise.
   */
  async recognize(image: Uint8Array, { signal, timeLimitMs }: OcrOptions = {}): Promise<OcrResult> {
    await this.#takeTurn(signal);
    let worker: Worker | undefined;
    const opening = this.#openWorker();
    try {
      worker = await untilAborted(opening, signal);
      holdProcess(worker, true);
      const { data } = await untilLate(untilAborted(worker.recognize(Buffer.from(image)), signal), timeLimitMs);
      holdProcess(worker, false);
      this.#keep(worker);
      this.#passTurn();
      return { text: data.text, confidence: data.confidence };
    } catch (error) {
      if (worker === undefined) {
        // Starting cannot be interrupted: the turn passes on when it has ended, and its worker serves the next page.
        opening
          .then((late) => this.#keep(late))
          .catch(() => {})
          .finally(() => this.#passTurn());
      } else {
        // Aborted or broken in the middle of a page: only ending its thread stops the work.
        await worker.terminate();
        this.#passTurn();
      }
      throw error;
    }
  }

  /** Starts one worker ahead of the first page. */
  async warm(): Promise<void> {
    await this.#takeTurn(undefined);
    try {
      this.#keep(await this.#openWorker());
    } finally {
      this.#passTurn();
    }
  }

  /** Ends idle workers now and busy ones after their page. The pool takes no further pages. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#idle.splice(0).map((worker) => worker.terminate()));
  }

  #takeTurn(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.#closed) return Promise.reject(new Error("this OCR pool is closed"));
    if (this.#free > 0) {
      this.#free--;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        this.#waiting.splice(this.#waiting.indexOf(begin), 1);
        reject(signal?.reason);
      };
      const begin = () => {
        signal?.removeEventListener("abort", giveUp);
        resolve();
      };
      signal?.addEventListener("abort", giveUp, { once: true });
      this.#waiting.push(begin);
    });
  }

  #passTurn(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }

  #openWorker(): Promise<Worker> {
    const idle = this.#idle.pop();
    return idle === undefined ? startWorker() : Promise.resolve(idle);
  }

  #keep(worker: Worker): void {
    holdProcess(worker, false);
    if (this.#closed) void worker.terminate();
    else this.#idle.push(worker);
  }
}

let sharedPool: OcrPool | undefined;

/** Reads one image with the process-wide pool of two workers. */
export function recognizeText(image: Uint8Array, options: OcrOptions = {}): Promise<OcrResult> {
  sharedPool ??= new OcrPool(2);
  return sharedPool.recognize(image, options);
}

/** Starts a worker of the process-wide pool ahead of the first page. */
export async function warmOcr(): Promise<void> {
  sharedPool ??= new OcrPool(2);
  await sharedPool.warm();
}

/** Ends the process-wide pool; the next page starts a new one. */
export async function closeOcr(): Promise<void> {
  const pool = sharedPool;
  sharedPool = undefined;
  await pool?.close();
}

async function startWorker(): Promise<Worker> {
  const data = createRequire(import.meta.url).resolve("@tesseract.js-data/eng/package.json");
  const failed = Promise.withResolvers<never>();
  const worker = await Promise.race([
    createWorker("eng", OEM.LSTM_ONLY, {
      langPath: join(dirname(data), "4.0.0_best_int"),
      gzip: true,
      cacheMethod: "none",
      // Without a handler tesseract.js throws out of an event listener, which would end the process.
      errorHandler: (error: unknown) => failed.reject(new Error(`OCR worker: ${String(error)}`)),
    }),
    failed.promise,
  ]);
  failed.promise.catch(() => {});
  threadOf(worker)?.on("error", () => {});
  await worker.setParameters({ tessedit_pageseg_mode: PSM.SINGLE_BLOCK, preserve_interword_spaces: "1" });
  return worker;
}

/** tesseract.js exposes its thread without declaring it in its types. */
function threadOf(worker: Worker): Thread | undefined {
  return (worker as Worker & { worker?: Thread }).worker;
}

function holdProcess(worker: Worker, hold: boolean): void {
  if (hold) threadOf(worker)?.ref();
  else threadOf(worker)?.unref();
}

/** Settles as `work` does, or rejects with the signal's reason, whichever comes first. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

function untilLate<T>(work: Promise<T>, limitMs: number | undefined): Promise<T> {
  if (limitMs === undefined) return work;
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new OcrTimeLimit(`OCR did not finish a page in ${limitMs} ms`)), limitMs);
  return Promise.race([work, late.promise]).finally(() => clearTimeout(timer));
}
