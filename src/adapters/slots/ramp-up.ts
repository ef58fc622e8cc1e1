import type { RampUpRule, SlotAddress, SlotsApi } from "./slots-api.ts";

/** The rule that sends part of production's clients to the idle slot; others belong to others. */
export async function ruleToSlot(api: SlotsApi, signal?: AbortSignal): Promise<RampUpRule | undefined> {
  const rules = await api.rampUpRules(signal);
  if (rules.length === 0) return undefined;
  const { hostName } = await api.site("idle", signal);
  return rules.find((rule) => leadsTo(rule, api.address, hostName));
}

/**
 * Removes every rule that leads to the idle slot and keeps the others. A rule at 0 % would not do: clients that it
 * pinned by cookie stay where they are for an hour. Writes nothing where there is no such rule.
 */
export async function removeRampUp(api: SlotsApi, signal?: AbortSignal): Promise<boolean> {
  const rules = await api.rampUpRules(signal);
  if (rules.length === 0) return false;
  const { hostName } = await api.site("idle", signal);
  const kept = rules.filter((rule) => !leadsTo(rule, api.address, hostName));
  if (kept.length === rules.length) return false;
  await api.setRampUpRules(kept, signal);
  return true;
}

function leadsTo(rule: RampUpRule, { slot }: SlotAddress, hostName: string): boolean {
  if (rule.actionHostName !== undefined) return rule.actionHostName.toLowerCase() === hostName.toLowerCase();
  return rule.name?.toLowerCase() === slot.toLowerCase();
}
