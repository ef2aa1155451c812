/**
 * How the contract's shape is asked of a model, and how its text is read back into a value.
 *
 * Boundary: from a Standard Schema to a response format and words, from text to a value; it judges nothing, the core
 * holds the value to the contract. Invariants: reading never throws; text that is not JSON comes back as it was, so
 * that the contract can refuse it with a reason; what is asked as an object is unwrapped again on the way back.
 */
import type { JSONSchema7, LanguageModelV4CallOptions } from "@ai-sdk/provider";
import { clip, type Schema } from "@plumbline/core";
import { asSchema, type FlexibleSchema } from "ai";

/** `schema`: the provider is given the JSON Schema. `prompted`: the model is, in words. `text`: whatever it writes. */
export type AnswerMode = "schema" | "prompted" | "text";

export interface AnswerFormat {
  readonly kind: "text" | "json";
  readonly responseFormat: LanguageModelV4CallOptions["responseFormat"];
  /** What the model must be told in words. */
  readonly instruction: string | undefined;
  /** The answer was asked for as `{ "answer": ... }`, because providers take objects only. */
  readonly isWrapped: boolean;
  /** Why the contract could not be asked as a schema. */
  readonly undescribed: string | undefined;
}

const text: AnswerFormat = {
  kind: "text",
  responseFormat: { type: "text" },
  instruction: undefined,
  isWrapped: false,
  undescribed: undefined,
};

/**
 * The format for a contract. Without a `mode`: text for contracts of a free string, else the provider's own structured
 * output, or words where the model says that it has none (`takesSchema: false`).
 */
export async function formatOf(
  contract: Schema,
  options: { readonly mode: AnswerMode | undefined; readonly takesSchema: boolean },
): Promise<AnswerFormat> {
  if (options.mode === "text") return text;
  const described = await describeContract(contract);
  if (typeof described === "string") {
    const instruction = "Answer with one JSON value and nothing else: no explanation, no code fence.";
    return { ...text, kind: "json", instruction, undescribed: described };
  }
  if (options.mode === undefined && isFreeText(described)) return text;
  const { schema, isWrapped } = asObject(described, "answer");
  if ((options.mode ?? (options.takesSchema ? "schema" : "prompted")) === "schema") {
    return { ...text, kind: "json", responseFormat: { type: "json", schema }, isWrapped };
  }
  const instruction =
    "Answer with one JSON object that fits the JSON Schema below, and nothing else: no explanation, no code fence.\n" +
    JSON.stringify(schema);
  return { ...text, kind: "json", responseFormat: { type: "json" }, instruction, isWrapped };
}

/** A contract that takes any text at all, or anything at all: asking for JSON would only put quotes around it. */
function isFreeText(schema: JSONSchema7): boolean {
  if (schema.type === "string") return schema.enum === undefined && schema.const === undefined;
  return Object.keys(schema).every((key) => key === "$schema" || key === "description" || key === "title");
}

interface Converter {
  readonly input: (options: { target: string; libraryOptions?: Record<string, unknown> }) => Record<string, unknown>;
}

/** The contract's input as JSON Schema, objects closed as providers want them; or why there is none. */
async function describeContract(contract: Schema): Promise<JSONSchema7 | string> {
  try {
    const standard = contract["~standard"] as Schema["~standard"] & { readonly jsonSchema?: Converter };
    const converter = standard.jsonSchema;
    if (converter === undefined) return await asSchema(contract as FlexibleSchema).jsonSchema;
    const libraryOptions = standard.vendor === "zod" ? zodOptions : undefined;
    const input = (asked: { target: string }) =>
      converter.input({ ...asked, ...(libraryOptions === undefined ? {} : { libraryOptions }) });
    // Under another vendor's name, or the AI SDK would convert zod schemas itself and refuse those that hold a date.
    const described = { "~standard": { ...standard, vendor: "plumbline", jsonSchema: { input } } };
    return await asSchema(described as unknown as FlexibleSchema).jsonSchema;
  } catch (error) {
    return clip(error instanceof Error ? error.message : String(error), 300);
  }
}

/** What JSON Schema cannot say must not cost the rest of the shape; dates are asked for as people write them in JSON. */
const zodOptions: Record<string, unknown> = {
  unrepresentable: "any",
  override: ({ zodSchema, jsonSchema }: { zodSchema: ZodInside; jsonSchema: JSONSchema7 }) => {
    if (zodSchema._zod.def.type !== "date") return;
    jsonSchema.type = "string";
    jsonSchema.format = "date-time";
  },
};

interface ZodInside {
  readonly _zod: { readonly def: { readonly type: string } };
}

/** A schema as providers take it at the root, and whether that made it a field of an object. */
export interface ObjectSchema {
  readonly schema: JSONSchema7;
  readonly isWrapped: boolean;
}

/** Any schema as an object's: providers take no arrays, unions or plain values at the root. */
function asObject(schema: JSONSchema7, field: string): ObjectSchema {
  if (schema.type === "object") return { schema, isWrapped: false };
  const { $schema, definitions, ...inner } = moveReferences(schema, field) as JSONSchema7;
  const wrapped: JSONSchema7 = {
    ...($schema === undefined ? {} : { $schema }),
    type: "object",
    properties: { [field]: inner },
    required: [field],
    additionalProperties: false,
    ...(definitions === undefined ? {} : { definitions }),
  };
  return { schema: wrapped, isWrapped: true };
}

/** What a contract takes, as an object's schema; or why it cannot be said. */
export async function objectSchemaOf(contract: Schema, field: string): Promise<ObjectSchema | string> {
  const described = await describeContract(contract);
  return typeof described === "string" ? described : asObject(described, field);
}

/** References from the root follow the schema to its new place; definitions stay at the root. */
function moveReferences(part: unknown, field: string): unknown {
  if (Array.isArray(part)) return part.map((item) => moveReferences(item, field));
  if (typeof part !== "object" || part === null) return part;
  return Object.fromEntries(
    Object.entries(part).map(([key, value]) => {
      if (key !== "$ref" || typeof value !== "string") return [key, moveReferences(value, field)];
      const moves = value.startsWith("#") && !value.startsWith("#/definitions/");
      return [key, moves ? `#/properties/${field}${value.slice(1)}` : value];
    }),
  );
}

/** A text read in a format: the value, and the parser's complaint when the value is the text itself. */
export interface Reading {
  readonly value: unknown;
  readonly notJson?: string;
}

export function readAnswer(written: string, format: AnswerFormat): Reading {
  if (format.kind === "text") return { value: written };
  const reading = readJson(written);
  if (reading.notJson !== undefined || !format.isWrapped) return reading;
  return { value: unwrapped(reading.value, "answer") };
}

/** What was asked for as a field of an object; as it is where a model left the object out. */
export function unwrapped(value: unknown, field: string): unknown {
  const isWrapper =
    typeof value === "object" && value !== null && Object.keys(value).length === 1 && Object.hasOwn(value, field);
  return isWrapper ? (value as Readonly<Record<string, unknown>>)[field] : value;
}

/** JSON as models write it: bare, in a code fence, or with a sentence before and after. */
function readJson(written: string): Reading {
  const bare = parse(written);
  if (bare.notJson === undefined) return bare;
  const fenced = /```(?:json)?\s*\n([\s\S]*?)\n\s*```/.exec(written)?.[1];
  const from = written.search(/[{[]/);
  const to = Math.max(written.lastIndexOf("}"), written.lastIndexOf("]"));
  const cut = from >= 0 && to > from ? written.slice(from, to + 1) : undefined;
  for (const candidate of [fenced, cut]) {
    if (candidate === undefined) continue;
    const found = parse(candidate);
    if (found.notJson === undefined) return found;
  }
  return { value: written, notJson: bare.notJson };
}

function parse(candidate: string): Reading {
  try {
    // A model's text is foreign input: a key that could replace a prototype on copying is not taken over.
    return { value: JSON.parse(candidate, (key, value) => (key === "__proto__" ? undefined : value)) };
  } catch (error) {
    return { value: candidate, notJson: clip(error instanceof Error ? error.message : String(error), 200) };
  }
}
