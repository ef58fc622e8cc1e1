import type { JournalEntry } from "../../types/journal.ts";
import type { FlagOffView, StoreWrite } from "../flag-off.ts";
import type { FlagOnView } from "../flag-on.ts";
import { refreshTexts } from "../flag-refresh.ts";
import { columns, painter } from "./human.ts";
import { flagShare, formatSeconds } from "./words.ts";

/** What is said at once, before the application or the stack is asked. */
export function offLine({ ms, written, attempts }: StoreWrite, flag: string): string {
  if (!written) return `${flag} was off in the store already (read in ${formatSeconds(ms)})`;
  const others = attempts === 1 ? "" : `, in ${attempts} attempts`;
  return `${flag} is off in the store after ${formatSeconds(ms)}${others}`;
}

/** What an emergency off came to. */
export function renderOff(view: FlagOffView, { color }: { readonly color: boolean }): string {
  const paint = painter(color);
  const { flag, stack, store, by, reason, converged } = view;
  return [
    `${paint("bold", flag)} on ${stack}: ${paint("green", "off")}, by ${by}: ${reason}`,
    "",
    columns([
      ["  ", "store", storeText(store)],
      ...applicationRows(view),
      ["  ", "stack", stackText(view)],
      ...converged.problems.map((problem) => ["  ", "", problem]),
      ...(converged.stack === "switched-off" ? [["  ", "next", nextText(view)]] : []),
      ...(converged.journal === undefined ? [] : [["  ", "journal", converged.journal]]),
    ]),
    ...(converged.rollout === undefined ? [] : ["", ...indented(converged.rollout.text)]),
  ].join("\n");
}

function storeText({ ms, written, attempts }: StoreWrite): string {
  if (!written) return "it was off already";
  const others = attempts === 1 ? "" : `; ${attempts} reads, as somebody else wrote or an answer was lost`;
  return `off after ${formatSeconds(ms)}${others}`;
}

/** Measured where the application was asked, else what its refresh interval makes of the objective. */
function applicationRows({ application, refresh }: FlagOffView): readonly (readonly string[])[] {
  const texts = refreshTexts(refresh);
  const [first = "", ...more] = texts;
  if (application === undefined)
    return [["  ", "application", first], ...more.map((text) => ["  ", "", text])];
  const objective = `objective ${application.objectiveMs / 1000} s`;
  if (!application.seen) {
    const said = `not seen off within ${formatSeconds(application.ms)} (${application.lastly}; ${objective})`;
    return [["  ", "application", said], ...texts.map((text) => ["  ", "", text])];
  }
  const seen = `shows it off after ${formatSeconds(application.ms)} (${objective}${application.met ? "" : ": missed"})`;
  return [["  ", "application", seen], ...(application.met ? [] : more.map((text) => ["  ", "", text]))];
}

function stackText({ converged, stack }: FlagOffView): string {
  switch (converged.stack) {
    case "switched-off":
      return `has it off too, verified after ${formatSeconds(converged.stackMs ?? 0)} (objective: 5 min)`;
    case "off-already":
      return "has it off: nothing to write";
    case "kept-off":
      return "not written: it doesn't know all that stands in the flag";
    case "off-failed":
      return "still has it open: look now";
    case "turned-back":
      return "the rollout in flight is taken back";
    case "in-flight":
      return "still has it open, and another rollout is in flight";
    case "later":
      return `still as it was: \`rollouts flag off --stack ${stack}\` without --no-converge lets it follow, and until then \`pulumi up --refresh\` would write its own value`;
    case "failed":
      return "could not be asked to follow";
  }
}

function nextText({ converged, stack }: FlagOffView): string {
  return `${converged.version ?? "the version"} stays out of ${stack} until \`rollouts run --cause TEXT --by NAME\` opens it anew, phase by phase`;
}

function indented(text: string): readonly string[] {
  return text.split("\n").map((line) => `  ${line}`);
}

/** What taking an emergency back came to. */
export function renderOn(view: FlagOnView, { color }: { readonly color: boolean }): string {
  const paint = painter(color);
  const { flag, stack, written, exposure, ms, differences, by, reason, journal } = view;
  const how = written ? `after ${formatSeconds(ms)}` : "already";
  return [
    `${paint("bold", flag)} on ${stack}: ${paint("green", "on")}, ${flagShare(exposure)}, by ${by}: ${reason}`,
    "",
    columns([
      ["  ", "store", `on ${how}; nothing else of it was written`],
      ...differences.map((one) => ["  ", "differs", one]),
      ["  ", "journal", journal],
    ]),
  ].join("\n");
}

/** What a person reads on stderr while the stack follows; undefined for the rest. */
export function flagOffLine({ kind, data }: JournalEntry): string | undefined {
  const effect = String(data["effect"]);
  if (kind === "intent" && effect === "up") return "▶ the stack writes the flag off";
  if (kind !== "effect") return undefined;
  const ok = data["ok"] === true;
  const took = typeof data["ms"] === "number" ? ` in ${formatSeconds(data["ms"])}` : "";
  if (effect === "up")
    return ok
      ? `✓ the stack has written it${took}`
      : `✗ the update failed: ${Object(data["failure"]).message}`;
  if (effect === "preview-same" && ok) return "✓ a preview with refresh shows only same";
  return undefined;
}
