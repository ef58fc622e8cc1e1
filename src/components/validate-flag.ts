import type * as appconfiguration from "@pulumi/azure-native/appconfiguration/index.js";
import { configError, type Issue } from "../errors/errors.ts";
import type { FlagConfig } from "../types/flag-config.ts";
import { type FeatureFlagRolloutArgs, type NewStore, storeSkus } from "./feature-flag-args.ts";
import { isNew, ownMembers } from "./render/key-value.ts";

/** What Azure takes for a store's name. */
const storeName = /^(?!.*---)[A-Za-z0-9][A-Za-z0-9-]{3,48}[A-Za-z0-9]$/;
const storeRule =
  "must be 5-50 letters, digits and hyphens, no more than two hyphens in a row, none at an end";
const storeHint = 'Write "atp-prod-appconfig": its name, not its endpoint.';
const noGroup: Issue = {
  path: "resourceGroup",
  rule: "must name a resource group",
  hint: 'Write "atp-prod".',
};

/** Checks what is plain data. Throws `config-invalid` with every problem at once. */
export function assertFlagArgs(component: string, args: FeatureFlagRolloutArgs): void {
  const { resourceGroup, store, location } = args;
  const found = [
    ...(isEmpty(resourceGroup) ? [noGroup] : []),
    ...(isNew(store) ? newStoreIssues(store.create, location) : storeIssues(store, location)),
  ];
  if (found.length === 0) return;
  throw configError(found.map((issue) => ({ ...issue, path: `${component}.${issue.path}` })));
}

function newStoreIssues(
  { name, sku }: NewStore,
  location: FeatureFlagRolloutArgs["location"],
): readonly Issue[] {
  const issues: Issue[] = [];
  if (typeof name !== "string" || !storeName.test(name))
    issues.push({ path: "store.create.name", ...received(name), rule: storeRule, hint: storeHint });
  if (sku !== undefined && !storeSkus.includes(sku))
    issues.push({
      path: "store.create.sku",
      ...received(sku),
      rule: `must be one of ${storeSkus.join(", ")}`,
      hint: "Leave it out for standard.",
    });
  if (location === "")
    issues.push({ path: "location", rule: "must name a region", hint: "Leave it out for the group's." });
  return issues;
}

function storeIssues(store: unknown, location: FeatureFlagRolloutArgs["location"]): readonly Issue[] {
  const issues: Issue[] = [];
  if (isEmpty(store) || (typeof store === "string" && !storeName.test(store)))
    issues.push({ path: "store", ...received(store), rule: storeRule, hint: storeHint });
  if (location !== undefined)
    issues.push({
      path: "location",
      rule: "must be absent: the store is there",
      hint: "It says where a store is made: store: { create: { name } }.",
    });
  return issues;
}

/**
 * The lever writes to the endpoint, the stack to the store: were they two, `flag off` would switch off nothing. A
 * replica's endpoint begins with the store's name; one of another domain tells nothing.
 */
export function assertItsStore(
  component: string,
  store: FeatureFlagRolloutArgs["store"],
  { endpoint }: FlagConfig,
): void {
  const name = isNew(store) ? store.create.name : store;
  const named = /^([^.]+)\.azconfig\./.exec(new URL(endpoint).hostname)?.[1];
  if (named === undefined || typeof name !== "string") return;
  const host = name.toLowerCase();
  if (named === host || named.startsWith(`${host}-`)) return;
  throw configError([
    {
      path: `${component}.store${isNew(store) ? ".create.name" : ""}`,
      received: JSON.stringify(name),
      rule: `must be the store of rollout.flag.endpoint, ${named}`,
      hint: `Give both the same: endpoint: https://${host}.azconfig.io.`,
    },
  ]);
}

/** A transform that changes what the rollout moves would move something else. */
export function assertOwn(
  component: string,
  {
    own,
    args,
  }: { readonly own: appconfiguration.KeyValueArgs; readonly args: appconfiguration.KeyValueArgs },
): void {
  const changed = ownMembers.filter((member) => args[member] !== own[member]);
  if (changed.length === 0) return;
  throw configError(
    changed.map((member) => ({
      path: `${component}.transform.flag`,
      rule: `must leave ${member} as it is`,
      hint: "What the flag is stands in the stack's config, rollout.flag; the rollout writes it.",
    })),
  );
}

function received(value: unknown): Pick<Issue, "received"> {
  const shown = JSON.stringify(value);
  return shown === undefined ? {} : { received: shown };
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}
