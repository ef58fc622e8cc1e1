import type { ChecklistItem } from "../types/checklist.ts";
import type { Confirmation } from "../types/checklist-status.ts";
import type { Communication } from "../types/communication.ts";
import { confirmCommand, type Found, unmet, vouched } from "./checklist-status.ts";
import { spanText, within } from "./checklist-time.ts";

type OnCall = NonNullable<Communication["onCall"]>;

/** What a person's word is judged by. */
export interface WordAsked {
  readonly item: ChecklistItem;
  readonly confirmations: readonly Confirmation[];
  /** How long a word holds, ms. */
  readonly holdsMs: number;
  /** ms since the epoch. */
  readonly now: number;
  /** As `--stack` takes it. */
  readonly stack: string;
  /** Why the tool can't tell, in words. */
  readonly why: string;
}

/** A person's word for an item, not older than it holds. Pure. */
export function personConfirms(asked: WordAsked): Found {
  const { item, stack, why } = asked;
  const word = newestWord(asked);
  if (word === undefined)
    return unmet(`${why}, and nobody has confirmed it`, `${confirmCommand(item, stack)}.`);
  return judged(word, asked, confirmCommand(item, stack));
}

/** Who is on call is named, and one of them has said that they are there. Pure. */
export function onCallConfirms(
  asked: Omit<WordAsked, "item" | "why"> & {
    readonly onCall: OnCall | undefined;
  },
): Found {
  const { onCall, stack, confirmations } = asked;
  if (onCall === undefined) {
    const hint = 'Write rollout.communication.onCall: { primary: "@alice" }, and let them confirm.';
    return unmet("nobody is named as on call", hint);
  }
  const named = namesOf(onCall);
  const command = confirmCommand("on-call", stack, onCall.primary);
  const theirs = confirmations.filter(({ by }) => isOneOf(named, by));
  const word = newestWord({ item: "on-call", confirmations: theirs });
  if (word !== undefined) return judged(word, asked, command);
  const other = newestWord({ item: "on-call", confirmations });
  const instead = other === undefined ? "" : `; ${other.by}, who has, is not on call`;
  return unmet(`${named.join(" or ")} has not confirmed to be there${instead}`, `${command}.`);
}

function judged(
  word: Confirmation,
  { now, holdsMs }: Pick<WordAsked, "now" | "holdsMs">,
  command: string,
): Found {
  const { by, note, at } = word;
  if (!within(Date.parse(at), { now, spanMs: holdsMs })) {
    return unmet(`${by} confirmed it at ${at}, which holds for ${spanText(holdsMs)}`, `Again: ${command}.`);
  }
  const said = note === "" ? "" : `: ${note}`;
  return vouched(word, `confirmed by ${by}${said}`);
}

function newestWord({
  item,
  confirmations,
}: Pick<WordAsked, "item" | "confirmations">): Confirmation | undefined {
  return confirmations
    .filter((one) => one.item === item)
    .toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))
    .at(-1);
}

/** Who is on call, the first to be called first. */
export function namesOf({ primary, secondary }: OnCall): readonly string[] {
  return secondary === undefined ? [primary] : [primary, secondary];
}

/** Whether somebody is one of them: `@Alice` and `alice` are one. */
export function isOneOf(names: readonly string[], by: string): boolean {
  const plain = (name: string) => name.trim().replace(/^@/, "").toLowerCase();
  return names.some((name) => plain(name) === plain(by));
}
