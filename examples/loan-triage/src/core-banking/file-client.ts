// Talks to the bank's customer files: open one for a loan, close it again.
// Boundary: typed answers and errors out; how a service is asked is service-client.ts; no retries (the flow decides those).
// Invariant: NotOpened is thrown only when surely no file was opened; everything else leaves a doubt.
import { type CallOptions, NotDone, ServiceClient } from "@plumbline/example-local-services/service-client.ts";
import { z } from "zod";
import type { FileRow } from "./customer-files.ts";

export const CustomerFile = z.object({ fileId: z.string().regex(/^F-\d{6,}$/), loanId: z.string() });
export type CustomerFile = z.infer<typeof CustomerFile>;

/** The bank surely opened no file for this request. */
export class NotOpened extends NotDone {
  override readonly code = "not-opened";
}

const bank = new ServiceClient({ service: "the bank", NotDone: NotOpened });

/** Opens the file of a loan. The same key gives the same file however often it is asked. */
export function openCustomerFile(
  baseUrl: string,
  loan: { readonly applicationId: string; readonly loanId: string },
  options: CallOptions,
): Promise<CustomerFile> {
  return bank.post(`${baseUrl}/files`, loan, CustomerFile, options);
}

/** Closes whatever the key has opened. Safe to repeat, and when nothing was opened. */
export async function closeCustomerFile(baseUrl: string, options: CallOptions): Promise<void> {
  await bank.undo(`${baseUrl}/files/close`, z.unknown(), options);
}

/** Every file ever opened, and every key closed. */
export async function readFiles(baseUrl: string): Promise<FileRow[]> {
  const response = await fetch(`${baseUrl}/files`);
  return ((await response.json()) as { rows: FileRow[] }).rows;
}
