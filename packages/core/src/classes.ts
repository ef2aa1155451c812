/**
 * The classes of the language, beside Date, Map, Set, URL and RegExp, whose instances a journal can keep.
 *
 * Boundary: names to constructors, for both directions of the data boundary (values.ts, open.ts).
 * Invariant: names are tags in journals, so none is ever changed or taken away.
 */
export const typedArrays: Readonly<Record<string, new (buffer: ArrayBuffer) => ArrayBufferView>> = {
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
};

export const errorClasses: Readonly<Record<string, new (message?: string) => Error>> = {
  Error,
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  EvalError,
  URIError,
};
