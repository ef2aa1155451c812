/**
 * Twelve services that are slow, fail and hang now and then: what the suite before-after calls, three in each of four steps.
 *
 * Boundary: simulated. No network and no work, only timers in this process, made up to look like services that one meets; who
 * calls them, and how bravely, is before-after.ts and by-hand.ts. Invariants: how the n-th call of a service for a request
 * goes follows from the seed alone, so every contender meets the same; an answer tells whether its caller was given all that
 * the step before had found.
 */
import { z } from "zod";

export interface Service {
  readonly name: string;
  readonly medianMs: number;
  /** Without its answer there is none for the customer; the others have a substitute. */
  readonly required: boolean;
}

/** By step. */
export const steps: readonly (readonly Service[])[] = [
  [
    { name: "profile", medianMs: 75, required: true },
    { name: "accounts", medianMs: 85, required: true },
    { name: "bureau", medianMs: 95, required: false },
  ],
  [
    { name: "rules", medianMs: 40, required: true },
    { name: "classifier", medianMs: 90, required: false },
    { name: "graph", medianMs: 105, required: false },
  ],
  [
    { name: "rates", medianMs: 60, required: true },
    { name: "insurance", medianMs: 80, required: false },
    { name: "discounts", medianMs: 70, required: false },
  ],
  [
    { name: "letter", medianMs: 100, required: false },
    { name: "translation", medianMs: 80, required: false },
    { name: "archive", medianMs: 50, required: true },
  ],
];
export const services: readonly Service[] = steps.flat();

export const Answer = z.object({ value: z.number(), substitute: z.boolean() });
export type Answer = z.infer<typeof Answer>;

/** Asked for longer than so many of its medians, a service is slower than 499 of 500 times on a good day. */
const slowestUsual = 1.8;
const spread = 0.2;
/** Shares of calls. What makes a service struggle with a request may lie in the request: then all of its calls are slow. */
const shares = { slow: 0.008, fails: 0.01, hangs: 0.0003, slowAlways: 0.0002 };
const slowMs = { from: 700, to: 1_950 };
const alwaysSlowMs = { from: 3_000, to: 8_000 };

/** From when on an answer is unusually late: what a hedge waits for. */
export const lateAfterMs = ({ medianMs }: Service) => Math.round(medianMs * slowestUsual);

interface Course {
  readonly kind: "usual" | "slow" | "fails" | "hangs";
  readonly ms: number;
}

/** How the calls of all services go. */
export class FlakyServices {
  private readonly seed: number;
  private readonly calls = new Map<number, Uint8Array>();

  constructor(seed: number) {
    this.seed = seed;
  }

  /** Asks a service; `before` is what the services of the step before have answered. */
  call(request: number, service: Service, before: readonly number[], signal: AbortSignal): Promise<Answer> {
    const place = services.indexOf(service);
    const counts = this.calls.get(request) ?? new Uint8Array(services.length);
    this.calls.set(request, counts);
    const call = counts[place] as number;
    counts[place] = call + 1;
    const { kind, ms } = this.course(request, place, call);
    return new Promise((resolve, reject) => {
      const timer = kind === "hangs" ? undefined : setTimeout(end, ms);
      signal.addEventListener("abort", stop, { once: true });
      function end() {
        signal.removeEventListener("abort", stop);
        if (kind === "fails") reject(new Error(`503 from ${service.name}`));
        else resolve({ value: total(before) + ownValue(request, place), substitute: false });
      }
      function stop() {
        clearTimeout(timer);
        reject(signal.reason);
      }
    });
  }

  /** What a request takes when nothing is unusual about it and nobody adds anything; undefined for the others. */
  usualMs(request: number): number | undefined {
    let sum = 0;
    for (const step of steps) {
      const courses = step.map((service) => ({ service, ...this.course(request, services.indexOf(service), 0) }));
      if (courses.some(({ kind, ms, service }) => kind !== "usual" || ms >= lateAfterMs(service) - 10))
        return undefined;
      sum += Math.max(...courses.map(({ ms }) => ms));
    }
    return sum;
  }

  private course(request: number, place: number, call: number): Course {
    const [lot, size, other] = lots(this.seed, request, place, call, 3) as [number, number, number];
    if ((lots(this.seed, request, place, -1, 1)[0] as number) < shares.slowAlways) {
      return { kind: "slow", ms: between(alwaysSlowMs, size) };
    }
    const normal = Math.sqrt(-2 * Math.log(1 - size)) * Math.cos(2 * Math.PI * other); // Box and Muller
    const ms = Math.max(1, Math.round((services[place] as Service).medianMs * Math.exp(spread * normal)));
    if (lot < shares.hangs) return { kind: "hangs", ms: 0 };
    if (lot < shares.hangs + shares.fails) return { kind: "fails", ms };
    if (lot < shares.hangs + shares.fails + shares.slow) return { kind: "slow", ms: between(slowMs, size) };
    return { kind: "usual", ms };
  }
}

const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

/** What a service itself adds for a request. */
const ownValue = (request: number, place: number) => ((request * 31 + place * 7) % 97) + 1;

/** In place of an answer: hands on what was found before, and says what it is. */
export const substituteFor = (before: readonly number[]): Answer => ({ value: total(before), substitute: true });

/** The values of the last step, when these services were substituted. */
export function rightValues(request: number, substituted: ReadonlySet<string>): number[] {
  return steps.reduce<number[]>(
    (before, step) =>
      step.map(({ name }) => {
        const place = services.findIndex((service) => service.name === name);
        return total(before) + (substituted.has(name) ? 0 : ownValue(request, place));
      }),
    [],
  );
}

function between({ from, to }: { readonly from: number; readonly to: number }, share: number): number {
  return Math.round(from + (to - from) * share);
}

/** Numbers from 0 to 1 that follow from where they are drawn: each place is hashed, then stepped by mulberry32. */
function lots(seed: number, request: number, place: number, call: number, count: number): number[] {
  let state = [seed, request, place, call].reduce(
    (hash, part) => Math.imul(hash ^ part, 0x85ebca6b) ^ (hash >>> 13),
    7,
  );
  return Array.from({ length: count }, () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  });
}
