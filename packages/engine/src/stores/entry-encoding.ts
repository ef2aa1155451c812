/**
 * Entries as text: one JSON array for what a run adds in one commit.
 *
 * Boundary: storage's spelling of entries; what they mean is the core's. Invariants: sealed values are written as the
 * JSON that they are, not as strings of JSON, so that a file can be read and queried with plain tools; decoding gives
 * entries that are equal to those that were encoded.
 */
import type { Entry } from "@plumbline/core";

/** The fields that hold sealed text. No entry has one of these names for anything else. */
const sealedFields: ReadonlySet<string> = new Set(["value", "input", "output"]);

export function encodeEntries(entries: readonly Entry[]): string {
  let text = "[";
  for (let i = 0; i < entries.length; i++) text += (i === 0 ? "" : ",") + encodeEntry(entries[i] as Entry);
  return `${text}]`;
}

/**
 * Field by field: what is sealed is text already, and copying the rest to leave it out would cost more than writing it.
 * The kind comes first.
 */
function encodeEntry(entry: Entry): string {
  const record = entry as unknown as Record<string, unknown>;
  let text = `{"kind":"${entry.kind}"`;
  for (const field in record) {
    const value = record[field];
    if (value === undefined || field === "kind") continue;
    text += beginningOf(field);
    if (typeof value === "number" && Number.isFinite(value)) text += value;
    else text += typeof value === "string" && sealedFields.has(field) ? value : JSON.stringify(value);
  }
  return `${text}}`;
}

/** How fields begin, made once for each name: entries have a few dozen between them. */
const beginnings = new Map<string, string>();

function beginningOf(field: string): string {
  const known = beginnings.get(field);
  if (known !== undefined) return known;
  const made = `,${JSON.stringify(field)}:`;
  beginnings.set(field, made);
  return made;
}

export function decodeEntries(text: string): Entry[] {
  const entries = JSON.parse(text) as Record<string, unknown>[];
  for (const entry of entries) {
    for (const field of sealedFields) if (field in entry) entry[field] = JSON.stringify(entry[field]);
  }
  return entries as unknown as Entry[];
}
