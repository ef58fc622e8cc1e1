import * as z from "zod";
import { durationPattern, parseDuration, writeDuration } from "../lib/duration.ts";
import { parsePercent, percentPattern } from "./percent.ts";

/** What a key means, for error messages, the JSON schema and the reference alike. */
export interface KeyFacts {
  /** One sentence, with the unit where there is one. */
  readonly what: string;
  /** What must hold, as a noun phrase: "a duration from 1s to 5m". */
  readonly rule: string;
  /** How to mend a wrong value: an example. */
  readonly hint: string;
  /** As config would write it; `preset` where the preset says it; absent where the key is required. */
  readonly fallback?: string;
  /** What holds where the key is absent, in words, where that is no value: "required for a canary". */
  readonly absent?: string;
  /** For durations: the two units that a bare number may have meant. */
  readonly units?: readonly [string, string];
  /** The words that are known, for a suggestion. */
  readonly words?: readonly string[];
  /** The value is never shown, not even in an error. */
  readonly secret?: boolean;
}

/** Facts of each key's schema. Not zod's global registry: `rule` and `hint` are no JSON schema keywords. */
export const keyFacts = z.registry<KeyFacts>();

/** Attaches facts to a schema, and its sentence as the JSON schema's description. */
export function key<T extends z.ZodType>(schema: T, facts: KeyFacts): T {
  const fallback = facts.fallback === "preset" ? "from the preset" : facts.fallback;
  const tail = fallback === undefined ? facts.absent : fallback;
  const described = schema.describe(`${facts.what}${tail === undefined ? "" : ` Default: ${tail}.`}`);
  keyFacts.add(described, facts);
  return described;
}

type Texts = Pick<KeyFacts, "what" | "fallback" | "absent">;

/** A duration between two bounds, given as config writes them. Whole seconds unless `millis`. */
export function duration(
  bounds: { readonly min: string; readonly max: string; readonly millis?: boolean },
  texts: Texts,
): z.ZodString {
  const [min, max] = [msOf(bounds.min), msOf(bounds.max)];
  const fits = (written: string) => {
    const parsed = parseDuration(written);
    if (!parsed.ok) return false;
    return parsed.ms >= min && parsed.ms <= max && (bounds.millis === true || parsed.ms % 1000 === 0);
  };
  const unit = bounds.millis ? "" : " in whole seconds";
  return key(z.string().regex(durationPattern).refine(fits), {
    ...texts,
    rule: `a duration from ${bounds.min} to ${bounds.max}${unit}`,
    hint: `Write it with a unit, like "${example(texts.fallback, min)}".`,
    units: bounds.millis ? ["ms", "s"] : ["s", "m"],
  });
}

function msOf(text: string): number {
  const parsed = parseDuration(text);
  if (!parsed.ok) throw new Error(`bad bound ${text}: ${parsed.rule}`);
  return parsed.ms;
}

function example(fallback: string | undefined, minMs: number): string {
  if (fallback !== undefined && durationPattern.test(fallback)) return fallback;
  return writeDuration(Math.max(minMs / 1000, 15 * 60));
}

/** A share in percent with its sign, above 0 % and up to 100 %. */
export function percent(texts: Texts): z.ZodString {
  const fits = (written: string) => (parsePercent(written) ?? 0) > 0;
  return key(z.string().regex(percentPattern).refine(fits), {
    ...texts,
    rule: "a share above 0% and up to 100%, with the sign",
    hint: 'Write it like "1%": a bare 0.01 could be read as a hundredth of a percent.',
  });
}

/** A whole number between two bounds. */
export function whole(
  bounds: { readonly min: number; readonly max: number },
  facts: Texts & { readonly hint?: string },
): z.ZodNumber {
  return key(z.number().int().min(bounds.min).max(bounds.max), {
    ...textsOf(facts),
    rule: `a whole number from ${bounds.min} to ${bounds.max}`,
    hint: facts.hint ?? "Write it without quotes and without a unit.",
  });
}

function textsOf({ what, fallback, absent }: Texts): Texts {
  return {
    what,
    ...(fallback === undefined ? {} : { fallback }),
    ...(absent === undefined ? {} : { absent }),
  };
}

/** A name as Kubernetes takes it: DNS label. */
export function dnsLabel(
  facts: Texts & { readonly example: string; readonly maxLength?: number },
): z.ZodString {
  const maxLength = facts.maxLength ?? 63;
  const pattern = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
  return key(z.string().regex(pattern).max(maxLength), {
    ...textsOf(facts),
    rule: `a DNS label: lower-case letters, digits and inner dashes, at most ${maxLength} characters`,
    hint: `Write it like ${facts.example}.`,
  });
}

/** A text that is not empty and has no line breaks. */
export function text(facts: Texts & { readonly example: string }): z.ZodString {
  return key(z.string().regex(/^\S(?:.*\S)?$/), {
    ...textsOf(facts),
    rule: "a text on one line that is not empty",
    hint: `Write it like ${facts.example}.`,
  });
}
