import type { Tested } from "../../plan/migration-tested.ts";
import type { JournalEntry } from "../../types/journal.ts";
import { type Paint, painter } from "./human.ts";
import { listText, testedText } from "./migration.ts";
import { formatSeconds } from "./words.ts";

/** An entry of a migration's journal as a line for people, as it is written; undefined for what isn't news. */
export function migrationLine(
  { kind, data }: Pick<JournalEntry, "kind" | "data">,
  { color }: { readonly color: boolean },
): string | undefined {
  const paint = painter(color);
  switch (kind) {
    case "begin":
      return begun(data);
    case "intent":
      return `· ${step(data)}  ${data["what"]}`;
    case "effect":
      return effect(data, paint);
    case "observed":
      return observed(data, paint);
    case "decision":
      return decided(data, paint);
    case "end":
    case "verdict":
      return undefined;
  }
}

type Data = JournalEntry["data"];

/** Its way back by name, before its first effect. */
function begun(data: Data): string {
  const { phase, direction, resumed, cutOff, notes = [], reverse, by } = Object(data);
  const what = direction === "back" ? `back over ${phase}` : phase;
  const again = cutOff === undefined ? "" : `; it was cut off amid: ${cutOff}`;
  return [
    `▶ ${what}${resumed ? ", taken up" : ""}: ${listText(Object(data)["actions"])}${again}`,
    ...notes.map((text: string) => `  ${text}`),
    ...(reverse === undefined ? [] : [`  ${reverseLine(Object(reverse), by)}`, ...testedLines(data)]),
  ].join("\n");
}

function reverseLine({ actions, impossible }: Data, by: unknown): string {
  if (impossible === undefined) return `way back: ${listText(actions as readonly string[])}`;
  return `no way back: ${impossible}${by === undefined ? "" : `; agreed by ${by}`}`;
}

function testedLines(data: Data): readonly string[] {
  const tested = (data["tested"] ?? []) as readonly Tested[];
  return tested.map((one) => `  tested ${testedText(one)}`);
}

function step({ action, of }: Data): string {
  return `${action} of ${of}`;
}

function effect(data: Data, paint: Paint): string {
  const { ok, message, what, ms, progress } = Object(data);
  const took = formatSeconds(Number(ms));
  if (ok !== true) return paint("red", `✗ ${step(data)}  ${message} (${took})`);
  const said = [message, progress].filter((text) => text !== undefined).join(", ");
  return `${paint("green", `✓ ${step(data)}`)}  ${said === "" ? what : said} (${took})`;
}

function observed(data: Data, paint: Paint): string | undefined {
  const { progress, checkpoint, interrupted, message } = Object(data);
  if (interrupted === true) return paint("yellow", `! ${message}`);
  const said = [progress, checkpoint === undefined ? undefined : `checkpoint ${checkpoint}`];
  const text = said.filter((part) => part !== undefined).join(", ");
  return text === "" ? undefined : paint("dim", `·  ${text}`);
}

function decided(data: Data, paint: Paint): string | undefined {
  const { thawed, by, leadsTo, why, failed } = Object(data);
  if (thawed !== undefined) return `○ ${by} takes the freeze off: ${Object(thawed).reason}`;
  if (leadsTo === "freeze") return paint("red", `✗ frozen: ${why}`);
  if (leadsTo === "revert") return `◀ ${Object(failed).phase} failed: going back over it`;
  return undefined;
}
