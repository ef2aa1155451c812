// Goal: a service, as a real process, refuses what it must before it acts, and its client knows what was surely not done.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { InDoubt, NotDone, ServiceClient } from "../src/service-client.ts";
import { type ServiceProcess, startService } from "../src/service-process.ts";

const folder = mkdtempSync(join(tmpdir(), "cloakroom-"));
let cloakroom: ServiceProcess;
beforeAll(async () => {
  const program = new URL("./fixtures/cloakroom.ts", import.meta.url);
  cloakroom = await startService(program, { db: join(folder, "coats.db") });
});
afterAll(async () => {
  await cloakroom.stop();
  rmSync(folder, { recursive: true });
});

const client = new ServiceClient({ service: "the cloakroom" });
const hang = (
  body: unknown,
  path = "/coats",
  idempotencyKey = "7",
  answer: z.ZodType = z.object({ key: z.string() }),
) => client.post(`${cloakroom.baseUrl}${path}`, body, answer, { idempotencyKey });

test.each([
  ["without a key", NotDone, "POST /coats needs an Idempotency-Key header", { coat: "loden" }, "/coats", ""],
  ["of another shape", NotDone, "expected string", { hat: "bowler" }],
  ["to another door", NotDone, "404", {}, "/hats"],
  ["that breaks it", InDoubt, '500: {"code":"internal","message":"torn"}', {}, "/linings"],
  ["whose answer nobody understands", InDoubt, "200 with nonsense", { coat: "loden" }, "/coats", "7", z.string()],
] as const)("a request %s", async (_, error, message, ...request) => {
  expect(await hang({ coat: "loden" })).toEqual({ key: "7" });
  const refused = hang(...request);
  await expect(refused).rejects.toBeInstanceOf(error);
  await expect(refused).rejects.toThrow(message);
});
