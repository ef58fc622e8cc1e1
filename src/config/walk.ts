import * as z from "zod";
import { isObject, type Path, valueAt } from "./json.ts";
import { type KeyFacts, keyFacts } from "./leaves.ts";

/**
 * Facts of a schema for a value: its own, or those of what an optional wraps. A plain value on a union of a
 * short and a full form is judged by the short form's facts, which are the more exact.
 */
export function factsOf(schema: z.core.$ZodType | undefined, value: unknown): KeyFacts | undefined {
  if (schema === undefined) return undefined;
  const inner = bare(schema);
  const short = inner instanceof z.ZodUnion && isPlain(value) ? branch(inner, value) : undefined;
  return (short && keyFacts.get(short)) ?? keyFacts.get(schema) ?? keyFacts.get(inner);
}

function isPlain(value: unknown): boolean {
  return ["string", "number", "boolean"].includes(typeof value);
}

/** The schema without its optional. */
export function bare(schema: z.core.$ZodType): z.core.$ZodType {
  return schema instanceof z.ZodOptional ? bare(schema.unwrap()) : schema;
}

/** The schema that judges the value at `path` of `root`; follows the branch of each union that the value is on. */
export function schemaAt(schema: z.core.$ZodType, path: Path, root: unknown): z.core.$ZodType | undefined {
  let current: z.core.$ZodType | undefined = schema;
  let value = root;
  for (const step of path) {
    if (current === undefined) return undefined;
    current = child(current, step, value);
    value = valueAt(value, [step]);
  }
  return current;
}

function child(schema: z.core.$ZodType, step: PropertyKey, value: unknown): z.core.$ZodType | undefined {
  const inner = branch(bare(schema), value);
  if (inner instanceof z.ZodObject) return inner.shape[String(step)];
  if (inner instanceof z.ZodArray) return inner.element;
  if (inner instanceof z.ZodRecord) return inner.valueType;
  return undefined;
}

/** The option of a union that a value is meant for: by `kind`, else the object option for an object. */
export function branch(schema: z.core.$ZodType, value: unknown): z.core.$ZodType | undefined {
  if (!(schema instanceof z.ZodUnion)) return schema;
  const options = schema.options.map(bare);
  if (schema instanceof z.ZodDiscriminatedUnion) {
    return options.find((option) => kindOf(option) === valueAt(value, ["kind"]));
  }
  return options.find((option) => option instanceof z.ZodObject === isObject(value));
}

/** The literal `kind` of an option of a discriminated union. */
export function kindOf(option: z.core.$ZodType): string | undefined {
  const kind = option instanceof z.ZodObject ? option.shape["kind"] : undefined;
  const value = kind instanceof z.ZodLiteral ? kind.value : undefined;
  return typeof value === "string" ? value : undefined;
}

/** Keys of an object schema, or of a union's object branch. */
export function keysOf(schema: z.core.$ZodType | undefined, value: unknown): readonly string[] {
  if (schema === undefined) return [];
  const inner = branch(bare(schema), value);
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
}
