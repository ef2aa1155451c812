/**
 * The same four steps without an orchestrator, twice: as they are usually written, and with the flow's whole policy by hand.
 *
 * Boundary: plain asynchronous functions; nothing of Plumbline is used. Invariants: every call has a timeout, retries with
 * growing delays, its answer is parsed, and a service that can be done without is; the second way adds what the flow declares
 * beyond that, the hedge and the tighter timeout, so that the policy and the engine can be told apart.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Offer, policy } from "./before-after.ts";
import { Answer, type FlakyServices, lateAfterMs, type Service, steps, substituteFor } from "./flaky-services.ts";

type Call = (signal: AbortSignal) => Promise<Answer>;
/** Asks one service until it has an answer or gives up. */
type Caller = (call: Call, service: Service) => Promise<Answer>;

/** A timeout above what slow answers take, because nothing else would come sooner; two retries. */
export const usual = { timeoutMs: 2_000, attempts: 3, delayMs: 100 };

export const withRetries: Caller = async (call) => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await withTimeout(call, usual.timeoutMs);
    } catch (error) {
      if (attempt === usual.attempts) throw error;
      await sleep(usual.delayMs * 2 ** (attempt - 1));
    }
  }
};

export const withHedges: Caller = async (call, service) => {
  for (let attempt = 1; attempt <= policy.attempts; attempt++) {
    try {
      return await hedged(call, lateAfterMs(service));
    } catch {
      if (attempt < policy.attempts) await sleep(policy.delayMs * 2 ** (attempt - 1));
    }
  }
  return withTimeout(call, policy.timeoutMs);
};

/** Asks again beside the first call when that is late; the first good answer counts and the other call is stopped. */
async function hedged(call: Call, afterMs: number): Promise<Answer> {
  const [first, again] = [new AbortController(), new AbortController()];
  let late: NodeJS.Timeout | undefined;
  try {
    const asked = withTimeout(call, policy.timeoutMs, first);
    const isLate = new Promise<undefined>((pass) => {
      late = setTimeout(pass, afterMs, undefined);
    });
    const early = await Promise.race([asked, isLate]);
    return early ?? (await Promise.any([asked, withTimeout(call, policy.timeoutMs, again)]));
  } finally {
    clearTimeout(late);
    first.abort();
    again.abort();
  }
}

async function withTimeout(call: Call, timeoutMs: number, controller = new AbortController()): Promise<Answer> {
  const timer = setTimeout(() => controller.abort(new Error("timeout")), timeoutMs);
  try {
    return Answer.parse(await call(controller.signal));
  } finally {
    clearTimeout(timer);
  }
}

/** One request, three services at a time. */
export async function pipelineByHand(request: number, services: FlakyServices, caller: Caller): Promise<Offer> {
  const substitutes: Record<string, boolean> = {};
  let values: readonly number[] = [];
  for (const step of steps) {
    const before = values;
    values = await Promise.all(
      step.map(async (service) => {
        const asked = caller((signal) => services.call(request, service, before, signal), service);
        const answer = await (service.required ? asked : asked.catch(() => substituteFor(before)));
        substitutes[service.name] = answer.substitute;
        return answer.value;
      }),
    );
  }
  return { values, substitutes };
}
