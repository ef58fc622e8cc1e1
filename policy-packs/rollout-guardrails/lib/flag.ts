import { RolloutError } from "../../../src/errors/errors.ts";
import { builtInFilter } from "../../../src/plan/flag-filters.ts";
import { parseFlag, type RawFlag } from "../../../src/plan/flag-json.ts";
import { filtersOf, flagContentType, nameOf } from "../../../src/plan/flag-value.ts";
import type { Members } from "./read.ts";

/** Type of App Configuration's keys. */
export const keyValueType = "azure-native:appconfiguration:KeyValue";

/** Whether a key is meant for a flag: by its name, however it is written, or by its content type. */
export function isFlagKey(props: Members): boolean {
  const name = props["keyValueName"];
  const isNamed = typeof name === "string" && /^\.appconfig\.featureflag(~2f|%2f|\/)/i.test(name);
  return isNamed || String(props["contentType"] ?? "").startsWith(flagType);
}

const [flagType = flagContentType] = flagContentType.split(";");

export type FlagRead =
  | { readonly ok: true; readonly flag: RawFlag }
  /** `why` tells nothing of the text. */
  | { readonly ok: false; readonly why: string; readonly hint: string };

/** A key's value as a flag. */
export function readText(value: unknown): FlagRead {
  if (typeof value !== "string")
    return { ok: false, why: "the flag has no value", hint: "Write its JSON, with the id." };
  try {
    return { ok: true, flag: parseFlag(value) };
  } catch (error) {
    if (!(error instanceof RolloutError)) throw error;
    return {
      ok: false,
      why: lowered(error.message),
      hint: error.hint ?? "Write the flag's JSON, with the id.",
    };
  }
}

/** Places of the filters of a built-in kind. The flag's filters have to be a list. */
export function placesOf(flag: RawFlag, filter: string): readonly number[] {
  return filtersOf(flag).flatMap((one, at) => (builtInFilter(nameOf(one)) === filter ? [at] : []));
}

/** As the middle of a sentence. */
function lowered(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1).replace(/\.$/, "");
}
