/**
 * Values of flows as JSON for people and programs outside.
 *
 * Boundary: one way only; what must come back as it was is sealed (core). Invariants: never throws on a value that a
 * journal can hold; what JSON lacks becomes what programs expect: dates ISO text, bigint and non-finite numbers text,
 * maps objects (or pairs), sets lists, bytes base64, errors their name and message.
 */
export function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(plainOf(value), undefined, indent) ?? "null";
}

function plainOf(value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(plainOf);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Map) return mapOf(value);
  if (value instanceof Set) return [...value].map(plainOf);
  if (value instanceof URL || value instanceof RegExp) return String(value);
  if (value instanceof Error) return { name: value.name, message: value.message };
  if (value instanceof ArrayBuffer) return Buffer.from(value).toString("base64");
  if (ArrayBuffer.isView(value))
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64");
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plainOf(part)]));
}

function mapOf(map: ReadonlyMap<unknown, unknown>): unknown {
  const pairs = [...map];
  if (pairs.every(([key]) => typeof key === "string")) {
    return Object.fromEntries(pairs.map(([key, part]) => [key, plainOf(part)]));
  }
  return pairs.map(([key, part]) => [plainOf(key), plainOf(part)]);
}
