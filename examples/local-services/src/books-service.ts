// A service that keeps books: its routes, and the program that serves them.
//   npx node server.ts --db FILE [--port 0] [--until-stdin-closes]
// Boundary: HTTP to functions of key and body, and the faults that can be switched on; what a route does is the service's.
// Invariants: what acts on the books does so under an idempotency key and with a body of its shape, or is refused before;
// one JSON line says that it listens and where; it stops cleanly, and with the parent whose pipe it was given.
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { parseArgs } from "node:util";
import { z } from "zod";
import { BooksFile } from "./books-file.ts";
import { answerJson, listenOnLoopback, readJson } from "./json-over-http.ts";

export type Reply = { readonly status: number; readonly body: unknown } | "never";
type Route = (body: unknown, key: string, endpoint: string) => Reply;
/** By method and path: "POST /loans". */
export type Routes = Readonly<Record<string, Route>>;

/** By the name that it is switched on with: what is answered instead of the work, or after it and in its answer's place. */
export type Faults<Name extends string = string> = Readonly<
  Partial<Record<Name, { readonly instead?: Reply; readonly after?: Reply }>>
>;

const Undo = z.object({ idempotencyKey: z.string().min(1) });

/** Acts under the request's key. */
export function acting<Body>(shape: z.ZodType<Body>, reply: (key: string, body: Body) => Reply): Route {
  return (body, key, endpoint) => {
    if (key === "") return refusal(400, "key-missing", `${endpoint} needs an Idempotency-Key header`);
    return shaped(shape, body, (shapely) => reply(key, shapely));
  };
}

/** Undoes what was done under the key in the body. */
export function undoing(reply: (key: string) => Reply): Route {
  return (body) => shaped(Undo, body, ({ idempotencyKey }) => reply(idempotencyKey));
}

/** Works for what a request is about, unless it meets one of these faults there; only work that was done is spoiled after. */
export function underFaults(file: BooksFile, about: string, faults: Faults, work: () => Reply): Reply {
  const met = file.takeFault(about, Object.keys(faults));
  const fault = met === undefined ? {} : faults[met];
  if (fault?.instead !== undefined) return fault.instead;
  const reply = work();
  return fault?.after !== undefined && reply !== "never" && reply.status < 300 ? fault.after : reply;
}

export function ok(body: unknown): Reply {
  return { status: 200, body };
}

export function refusal(status: number, code: string, message: string): Reply {
  return { status, body: { code, message } };
}

/** Runs the service by the command line of this process, until a signal or the end of its input. */
export async function runService(kinds: readonly string[], routesOn: (file: BooksFile) => Routes): Promise<void> {
  const { values } = parseArgs({
    options: {
      db: { type: "string" },
      port: { type: "string", default: "0" },
      // For a parent that may be killed: its end closes the pipe, and the service does not outlive it.
      "until-stdin-closes": { type: "boolean", default: false },
    },
  });
  if (values.db === undefined) {
    console.error("usage: server.ts --db FILE [--port N] [--until-stdin-closes]");
    process.exit(2);
  }
  const file = new BooksFile(values.db);
  const routes = { ...routesOn(file), "POST /faults": faultSwitch(file, kinds) };
  const { port, url, close } = await listenOnLoopback(async (request, response) => {
    const reply = await replyTo(request, routes);
    if (reply !== "never") answerJson(response, reply.status, reply.body);
  }, Number(values.port));
  const { stdin } = process;
  const ends = values["until-stdin-closes"] ? [once(stdin.resume(), "end"), once(stdin, "close")] : [];
  const stopped = Promise.race([once(process, "SIGTERM"), once(process, "SIGINT"), ...ends]);
  console.log(JSON.stringify({ port, url, db: values.db }));
  await stopped;
  await close();
  file.close();
  stdin.destroy();
}

async function replyTo(request: IncomingMessage, routes: Routes): Promise<Reply> {
  const endpoint = `${request.method} ${request.url}`;
  const route = routes[endpoint];
  if (route === undefined) return refusal(404, "not-found", `nothing at ${endpoint}`);
  const key = request.headers["idempotency-key"];
  try {
    return route(await readJson(request), typeof key === "string" ? key : "", endpoint);
  } catch (error) {
    return refusal(500, "internal", error instanceof Error ? error.message : String(error));
  }
}

function shaped<Body>(shape: z.ZodType<Body>, body: unknown, reply: (body: Body) => Reply): Reply {
  const parsed = shape.safeParse(body);
  return parsed.success ? reply(parsed.data) : refusal(400, "bad-request", z.prettifyError(parsed.error));
}

function faultSwitch(file: BooksFile, kinds: readonly string[]): Route {
  const about = z.string().min(1);
  const Fault = z.object({ about, fault: z.enum(kinds).nullable(), times: z.int().positive().optional() });
  return (body) =>
    shaped(Fault, body, (fault) => {
      file.setFault(fault.about, fault.fault, fault.times);
      return ok(fault);
    });
}
