/**
 * The classes of the language, beside Date, Map, Set, URL and RegExp, whose instances a journal can keep.
 *
 * Boundary: names to constructors, for both directions of the data boundary (values.ts, open.ts).
 * Invariant: names are tags in journals, so none is ever changed or taken away.
 */
export const typedArrays = {
  Uint8Array,
  Uint8ClampedArray,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView,
} as const;

export const errorClasses = { Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError } as const;
