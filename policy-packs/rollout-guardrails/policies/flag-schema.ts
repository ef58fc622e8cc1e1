import * as z from "zod";
import { builtInFilter, percentageFilter, targetingFilter } from "../../../src/plan/flag-filters.ts";
import { isFlagId } from "../../../src/plan/flag-id.ts";
import type { RawFlag } from "../../../src/plan/flag-json.ts";
import { keyValueName } from "../../../src/plan/flag-key.ts";
import { flagProblems } from "../../../src/plan/flag-schema.ts";
import { filtersOf, flagContentType, nameOf, objectAt } from "../../../src/plan/flag-value.ts";
import { belongs, everywhere } from "../lib/belongs.ts";
import { resourceRule } from "../lib/define.ts";
import { isFlagKey, keyValueType, placesOf, readText } from "../lib/flag.ts";
import { isProduction } from "../lib/production.ts";
import { quoteNumber } from "../lib/quote.ts";
import { elementsOf, isShare, type Members } from "../lib/read.ts";
import type { Finding } from "../lib/rule.ts";
import type { StackFacts } from "../lib/stack-facts.ts";

const list = "conditions.client_filters";

/** A flag that an application reads as its writer meant it. */
export const flagSchema = resourceRule({
  name: "flag-schema",
  description:
    "A feature flag is one to every library, and its filters let in whom they mean and nobody else.",
  level: "mandatory",
  types: [keyValueType],
  parameters: z.object({
    everywhere,
    /** Whether production may have flags that draw anew at each evaluation. */
    percentageInProduction: z.boolean().default(false),
  }),
  *check(seen) {
    const { props, parameters, stack } = seen;
    if (!belongs(seen, parameters) || !isFlagKey(props)) return;
    if (props["contentType"] !== flagContentType)
      yield {
        what: "the content type is not a flag's to the letter, so applications find no flag",
        hint: `Write contentType: "${flagContentType}".`,
      };
    const read = readText(props["value"]);
    if (!read.ok) {
      yield { what: read.why, hint: read.hint };
      return;
    }
    const { flag } = read;
    const problems = flagProblems(flag);
    for (const { path, rule } of problems)
      yield {
        what: `${path || "the flag"}: ${rule}`,
        hint: "Schema v2 of FeatureManagement says what a flag may hold.",
      };
    yield* names(props, flag);
    if (problems.length > 0) return;
    yield* filters(flag);
    if (!parameters.percentageInProduction) yield* chance(flag, stack);
  },
});

/** Id, and the name that a resource has for key and label. */
function* names(props: Members, flag: RawFlag): Iterable<Finding> {
  const id = flag["id"];
  if (typeof id !== "string") return;
  if (!isFlagId(id)) {
    yield {
      what: "id is not one that App Configuration takes",
      hint: "At least one character, and no colon, percent sign or line break.",
    };
    return;
  }
  const [key = "", ...label] = String(props["keyValueName"]).split("$");
  const isEncoded = /^(?:[\w\-.!*'()]|~[0-9A-F]{2})*$/.test(label.join(""));
  if (key === keyValueName({ id }) && label.length < 2 && isEncoded) return;
  yield {
    what: "keyValueName is not key and label of the flag's id, percent-encoded with ~ in place of %",
    hint: 'Write ".appconfig.featureflag~2F<id>", and "$<label>" after it where there is one.',
  };
}

function* filters(flag: RawFlag): Iterable<Finding> {
  for (const [at, filter] of filtersOf(flag).entries()) {
    const kind = builtInFilter(nameOf(filter));
    const place = `${list}[${at}]`;
    if (kind !== undefined && kind !== nameOf(filter))
      yield {
        what: `${place}.name is not the full ${kind}: JavaScript takes no other, and lets nobody in`,
        hint: `Write name: "${kind}".`,
      };
    if (kind === targetingFilter) yield* audience(filter, place);
    if (kind === percentageFilter) yield* drawn(filter, place);
  }
  yield* widened(flag);
}

function* audience(filter: RawFlag, place: string): Iterable<Finding> {
  for (const { path, rule } of flagProblems(filter["parameters"], "audience"))
    yield {
      what: `${[place, "parameters", path].filter((part) => part !== "").join(".")}: ${rule}`,
      hint: "Write Audience: { Users, Groups, DefaultRolloutPercentage }, percentages from 0 to 100.",
    };
  const { Groups } = objectAt(objectAt(filter, "parameters"), "Audience");
  for (const [at, group] of elementsOf(Groups).entries()) {
    const { Name, RolloutPercentage } = Object(group);
    if (typeof Name === "string" && RolloutPercentage !== undefined) continue;
    yield {
      what: `${place}.parameters.Audience.Groups[${at}] is ${typeof group === "string" ? "a bare name" : "no whole group"}, which never matches`,
      hint: "Write { Name, RolloutPercentage }.",
    };
  }
}

function* drawn(filter: RawFlag, place: string): Iterable<Finding> {
  const { Value } = objectAt(filter, "parameters");
  if (isShare(Value)) return;
  yield {
    what: `${place}.parameters.Value is ${quoteNumber(Value)}, not a share from 0 to 100 %`,
    hint: "Write a number from 0 to 100.",
  };
}

/** Under `Any` one filter is enough, so each further one opens the flag beyond the others. */
function* widened(flag: RawFlag): Iterable<Finding> {
  const all = filtersOf(flag);
  if (objectAt(flag, "conditions")["requirement_type"] === "All" || all.length < 2) return;
  const open = all.filter((filter) => !isNamedOnly(filter));
  const own = [targetingFilter, percentageFilter];
  if (open.length < 2 && all.every((filter) => own.includes(builtInFilter(nameOf(filter)) ?? ""))) return;
  yield {
    what: `${list} has ${all.length} filters under Any, and each lets in whom it likes: their shares add up`,
    hint: 'Leave one of them, or write requirement_type: "All".',
  };
}

/** Targeting that lets in nobody but whom it names. */
function isNamedOnly(filter: RawFlag): boolean {
  const { DefaultRolloutPercentage } = objectAt(objectAt(filter, "parameters"), "Audience");
  return builtInFilter(nameOf(filter)) === targetingFilter && !(Number(DefaultRolloutPercentage ?? 0) > 0);
}

/** Percentage draws anew at each evaluation: in production a tenant's records would change sides from one to the next. */
function* chance(flag: RawFlag, stack: StackFacts): Iterable<Finding> {
  const [at] = placesOf(flag, percentageFilter);
  if (at === undefined) return;
  const found = stack.policy();
  if (found.ok && !isProduction(found.policy)) return;
  const where = found.ok ? "in production" : `and whether this is production can't be told: ${found.why}`;
  yield {
    what: `${list}[${at}] is ${percentageFilter}, which draws anew at each evaluation, ${where}`,
    hint: `Write ${targetingFilter} with DefaultRolloutPercentage: a tenant is then in or out for good; of a rollout by: targeting.`,
  };
}
