import { sha256, stableJson } from "../lib/stable-json.ts";

/** Hash of each resource's inputs by URN, from `Deployed.inputs`: a record that holds no secrets. */
export function hashByUrn(inputs: string): Readonly<Record<string, string>> {
  const parsed: unknown = JSON.parse(inputs);
  if (parsed === null || typeof parsed !== "object") return {};
  return Object.fromEntries(
    Object.entries(parsed).map(([urn, value]) => [urn, sha256(stableJson(value)).slice(0, 16)]),
  );
}

/** Names of what differs between two stacks, for people. */
export function differences(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): readonly string[] {
  const urns = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return urns
    .filter((urn) => before[urn] !== after[urn])
    .map((urn) => {
      const verb = before[urn] === undefined ? "left over" : after[urn] === undefined ? "missing" : "changed";
      return `${verb}: ${urn.split("::").slice(-2).join(" ")}`;
    });
}
