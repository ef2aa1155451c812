// The messages that tests of mistakes show: caught, made the same on every machine, and held to their form.
// Boundary: knows no mistake. Invariant: what is shown has code, expected, found and mend, and no path of this machine.
import { PlumblineError } from "plumbline";
import { expect } from "vitest";

/** As plain JavaScript sees it: Node strips types, and many mistakes are those of code that never had any. */
// biome-ignore lint/suspicious/noExplicitAny: no other type lets a test write what only untyped code can
export type Untyped = any;

/** What `make` throws, as its reader sees it; `places` are texts of this machine or of chance, and what stands for them. */
export async function messageOf(make: () => unknown, places: Readonly<Record<string, string>> = {}): Promise<string> {
  let thrown: unknown;
  try {
    await make();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(PlumblineError);
  const { message } = thrown as PlumblineError;
  expect(message).toMatch(/^.+ \[[a-z-]+\]\n {2}expected: \S.*\n {2}found: {4}\S.*\n {2}mend: {5}\S.*$/);
  return asAnywhere(message, places);
}

export function asAnywhere(text: string, places: Readonly<Record<string, string>> = {}): string {
  const found = Object.entries(places).reduce((told, [place, name]) => told.replaceAll(place, name), text);
  const same = found.replace(/\br0[0-9a-z]{12}[0-9a-z]{8}\b/g, "<run>").replace(/\bk[\w-]{22}\b/g, "<run>");
  expect(same).not.toContain(import.meta.dirname);
  expect(same).not.toMatch(/\/tmp\/|\/home\/|\/Users\/|node_modules/);
  return `\n${same}\n`;
}
