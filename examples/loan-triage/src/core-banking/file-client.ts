// Talks to the bank's customer files: open one for a loan, close it again.
// Boundary: fetch in, typed answers and errors out; no retries (the flow decides those).
// Invariant: NotOpened is thrown only when surely no file was opened; everything else leaves a doubt.
import { z } from "zod";
import type { FileRow } from "./customer-files.ts";

export const CustomerFile = z.object({ fileId: z.string().regex(/^F-\d{6,}$/), loanId: z.string() });
export type CustomerFile = z.infer<typeof CustomerFile>;

/** The bank refused, and surely opened no file for this request. */
export class NotOpened extends Error {
  readonly code = "not-opened";
  readonly refused = true;
}

interface FileOptions {
  readonly idempotencyKey: string;
  readonly signal?: AbortSignal | undefined;
}

/** Opens the file of a loan. The same key gives the same file however often it is asked. */
export async function openCustomerFile(
  baseUrl: string,
  loan: { readonly applicationId: string; readonly loanId: string },
  options: FileOptions,
): Promise<CustomerFile> {
  const response = await post(`${baseUrl}/files`, loan, options);
  if (response.ok) return CustomerFile.parse(await response.json());
  const message = `the bank answered ${response.status}: ${(await response.text()).slice(0, 200)}`;
  if (response.status >= 400 && response.status < 500) throw new NotOpened(message);
  throw new Error(message);
}

/** Closes whatever the key has opened. Safe to repeat, and when nothing was opened. */
export async function closeCustomerFile(baseUrl: string, options: FileOptions): Promise<void> {
  const response = await post(`${baseUrl}/files/close`, { idempotencyKey: options.idempotencyKey }, options);
  if (!response.ok) throw new Error(`the bank answered ${response.status} to a close: ${await response.text()}`);
}

/** Every file ever opened, and every key closed. */
export async function readFiles(baseUrl: string): Promise<FileRow[]> {
  const response = await fetch(`${baseUrl}/files`);
  return ((await response.json()) as { rows: FileRow[] }).rows;
}

function post(url: string, body: unknown, { idempotencyKey, signal }: FileOptions): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": idempotencyKey },
    body: JSON.stringify(body),
    signal: signal ?? null,
  });
}
