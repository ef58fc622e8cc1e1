import type { JournalVerification } from "../verify-history.ts";
import { columns, type Paint, painter } from "./human.ts";

/** What became of a journal, for people: one line where all is well, and what that does not say. */
export function renderJournalReport(
  view: JournalVerification,
  { color }: { readonly color: boolean },
): string {
  const paint = painter(color);
  return [headline(view, paint), ...problemLines(view), ...remarks(view).map((line) => `  ${line}`)].join(
    "\n",
  );
}

function headline(view: JournalVerification, paint: Paint): string {
  const { status, entries, name, head, found, journal } = view;
  const whose = name ?? journal;
  const many = entries === 1 ? "1 entry" : `${entries} entries`;
  if (status === "damaged") {
    const count = found === 1 ? "1 problem" : `${found} problems`;
    return paint("red", `✗ ${whose}: ${many}, and not what was written: ${count}`);
  }
  if (status === "unchained") return paint("yellow", `! ${whose}: ${many}, none of them chained`);
  const at = `head ${head?.seq}:${head?.hash}`;
  return `${paint("green", `✓ ${whose}: ${many} verified`)}, ${at}, ${anchorText(view)}`;
}

function anchorText({ anchor, anchorFrom }: JournalVerification): string {
  if (anchor === undefined) return "no anchor";
  return `anchor ${anchor.seq} ${anchorFrom === "state" ? "in the stack's state" : "as given"}`;
}

function problemLines({ problems, found, journal }: JournalVerification): readonly string[] {
  if (problems.length === 0) return [];
  const rows = problems.map(({ line, seq, fault, message }) => ["  ", `${line}`, `${seq}`, fault, message]);
  const more = found - problems.length;
  return [
    "",
    columns([["  ", "line", "entry", "problem", ""], ...rows]),
    ...(more === 0 ? [] : [`  and ${more} more`]),
    "",
    `  journal  ${journal}`,
  ];
}

/** What the reader has to know of a report beside its problems. */
function remarks(view: JournalVerification): readonly string[] {
  const { before, cuts, tail, status } = view;
  return [
    ...(before > 0 && status !== "unchained"
      ? [`${range(before)} before the chain began (not covered one by one, but as a whole)`]
      : []),
    ...cuts.map(({ seq, bytes }) => `before entry ${seq} a torn line was cut (${bytes} bytes): a crash`),
    ...(tail === undefined
      ? []
      : [`line ${tail.line} is torn (${tail.bytes} bytes): a crash; the next entry cuts it`]),
    ...anchorRemarks(view),
  ];
}

function range(before: number): string {
  return before === 1 ? "entry 1 was written" : `entries 1-${before} were written`;
}

function anchorRemarks({ anchor, anchorError, head, status }: JournalVerification): readonly string[] {
  if (anchorError !== undefined) return [`the anchor could not be read: ${anchorError}`];
  if (status !== "verified" || head === undefined) return [];
  if (anchor === undefined) return ["no anchor: that entries were cut off the end can't be excluded"];
  if (anchor.seq >= head.seq) return [];
  return [`behind entry ${anchor.seq}, its anchor, that entries were cut off the end can't be excluded`];
}
