// Starts the inventory service as a process of its own, for the example and tests.
// Boundary: names the program; how it is started and stopped is the local services'.
import { type ServiceProcess, startService } from "@plumbline/example-local-services/service-process.ts";

export type InventoryProcess = ServiceProcess;

/** Starts it on `db` (a file that may exist already) and resolves when it listens. Rejects when it does not start. */
export function startInventory(books: { readonly db: string }): Promise<InventoryProcess> {
  return startService(new URL("./server.ts", import.meta.url), books);
}
