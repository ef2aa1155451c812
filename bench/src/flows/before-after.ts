/**
 * Four steps over twelve flaky services, declared: the flow of the suite before-after.
 *
 * Boundary: Plumbline's spelling; by-hand.ts has the plain functions, flaky-services.ts the services. Invariants: each call
 * has a contract, a timeout, a retry and a hedge; where a substitute is worth something it is the last rung, and the run then
 * says so; nothing here is tuned to a request.
 */
import { type Flow, flow, type Ref, template } from "plumbline";
import { z } from "zod";
import { Answer, type FlakyServices, lateAfterMs, type Service, steps, substituteFor } from "./flaky-services.ts";

const Request = z.object({ request: z.number() });
type Request = z.infer<typeof Request>;
/** The values of the last step, and which of the services did not answer themselves. */
export interface Offer {
  readonly values: readonly number[];
  readonly substitutes: Readonly<Record<string, boolean>>;
}

/** The policy of each call, which by-hand.ts writes out for the contender of the same policy. */
export const policy = { timeoutMs: 500, attempts: 2, delayMs: 50 };

export function declaredPipeline(services: FlakyServices): Flow<Request, Offer> {
  return flow("before-after", {
    input: Request,
    build($, { request }) {
      const substitutes: Record<string, Ref<boolean>> = {};
      let values: Ref<number>[] = [];
      for (const step of steps) {
        const before = values;
        const answers = step.map((service) => {
          const ask = callOf(services, service);
          const first = { run: ask, name: service.name };
          const again = { run: ask, name: `${service.name} again`, retry: { maxAttempts: 1 } };
          const call = $.step(service.name, {
            needs: { request, before },
            output: Answer,
            timeout: policy.timeoutMs,
            retry: { maxAttempts: policy.attempts, delay: policy.delayMs },
            hedge: { after: lateAfterMs(service) },
          });
          const answer = service.required
            ? call.by(first, again)
            : call.by(
                first,
                again,
                template(({ before }) => substituteFor(before as readonly number[])),
              );
          substitutes[service.name] = answer.substitute;
          return answer;
        });
        values = answers.map(({ value }) => value);
      }
      return { values, substitutes };
    },
  }) as Flow<Request, Offer>;
}

function callOf(services: FlakyServices, service: Service) {
  return (
    { request, before }: { readonly request: number; readonly before: readonly number[] },
    { signal }: { readonly signal: AbortSignal },
  ) => services.call(request, service, before, signal);
}
