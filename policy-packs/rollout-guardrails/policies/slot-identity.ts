import * as z from "zod";
import { everywhere } from "../lib/belongs.ts";
import { stackRule } from "../lib/define.ts";
import { quoteWord } from "../lib/quote.ts";
import { membersOf, wordsOf, written } from "../lib/read.ts";
import type { Finding, StackResource } from "../lib/rule.ts";
import { sitesIn } from "../lib/sites.ts";

/** Kinds of identity, as Azure writes them. */
const kinds = ["SystemAssigned", "UserAssigned"] as const;

/** An identity stays where it is when content moves: a side without one can't reach what the other reached. */
export const slotIdentity = stackRule({
  name: "slot-identity",
  description: "A slot has an identity of its own, of production's kinds, and is the same kind of app.",
  level: "mandatory",
  parameters: z.object({ everywhere }),
  *check({ resources, parameters }) {
    for (const { app, slots } of sitesIn(resources, parameters)) {
      for (const slot of slots) {
        yield* identities(slot, app);
        if (app !== undefined) yield* sameKind(slot, app);
      }
    }
  },
});

function* identities(slot: StackResource, app: StackResource | undefined): Iterable<Finding> {
  const own = identityKinds(slot);
  if (app === undefined) {
    if (own.length > 0) return;
    yield {
      what: "the slot has no identity, and its app is not in this stack to compare with",
      hint: 'Give it the kinds that production has: identity: { type: "SystemAssigned" }.',
      urn: slot.urn,
    };
    return;
  }
  const wanted = identityKinds(app);
  if (wanted.join() === own.join()) return;
  yield {
    what: `the slot's identity is ${said(own)}, and production's is ${said(wanted)}: identities don't swap`,
    hint: "Give both sides the same kinds, and both the same roles.",
    urn: slot.urn,
  };
}

function* sameKind(slot: StackResource, app: StackResource): Iterable<Finding> {
  const [own, wanted] = [appKind(slot), appKind(app)];
  if (own.join() === wanted.join()) return;
  const missing = wanted.filter((word) => !own.includes(word)).map(quoteKind);
  const more = own.filter((word) => !wanted.includes(word)).map(quoteKind);
  const differs = [
    ...(missing.length > 0 ? [`lacks ${missing.join(", ")}`] : []),
    ...(more.length > 0 ? [`has ${more.join(", ")} beside`] : []),
  ];
  yield {
    what: `the slot's kind is not the app's: it ${differs.join(" and ")}, and Azure refuses such a slot`,
    hint: "Write the app's kind on the slot, to the letter.",
    urn: slot.urn,
  };
}

/** In a fixed order; none for `None`. */
function identityKinds({ props }: StackResource): readonly string[] {
  const words = wordsOf(membersOf(written(props, "identity"))["type"]);
  return kinds.filter((kind) => words.includes(kind.toLowerCase()));
}

function said(found: readonly string[]): string {
  return found.length === 0 ? "none" : found.join(" and ");
}

/** Azure's own default is a plain app. */
function appKind({ props }: StackResource): readonly string[] {
  const words = wordsOf(written(props, "kind"));
  return words.length === 0 ? ["app"] : words.toSorted();
}

function quoteKind(word: string): string {
  return quoteWord(word, ["app", "linux", "container", "functionapp", "windows", "api", "hyperv", "xenon"]);
}
