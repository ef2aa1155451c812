// Starts the core banking service as a process of its own, for demonstrations and tests.
// Boundary: names the program; how it is started and stopped is the local services'.
import { type ServiceProcess, startService } from "@plumbline/example-local-services/service-process.ts";

export type CoreBankingProcess = ServiceProcess;

/** Starts the bank on `db` (a file that may exist already) and resolves when it listens. Rejects when it does not start. */
export function startCoreBanking(books: { readonly db: string }): Promise<CoreBankingProcess> {
  return startService(new URL("./server.ts", import.meta.url), books);
}
