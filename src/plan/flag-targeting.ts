import { sha256 } from "../lib/stable-json.ts";
import type { FlagTarget } from "../types/flag.ts";
import { type FlagAudience, readAudience } from "./flag-schema.ts";

/**
 * Where a tenant lies between 0 and 100 %, for one hint: the same for ever, whatever the percentage, so raising it
 * keeps who is in. Without a userId: the bucket of the empty id. As Microsoft's libraries for .NET and JavaScript do.
 */
export function bucketOf(userId: string | undefined, hint: string): number {
  const hash = sha256(`${userId ?? ""}\n${hint}`);
  // The first four bytes, little-endian.
  const marker = [6, 4, 2, 0].map((at) => hash.slice(at, at + 2)).join("");
  return (Number.parseInt(marker, 16) / 0xffffffff) * 100;
}

/** Whether a bucket is in a range of percent; the upper end belongs to it only at 100. */
export function inRange(bucket: number, from: number, to: number): boolean {
  return bucket >= from && (to === 100 || bucket < to);
}

/**
 * Whether `Microsoft.Targeting` lets the target in: exclusions first, then users, then groups by their shares, then
 * everybody's share. Throws RolloutError `flag-invalid` on parameters that are no audience.
 */
export function isTargeted(flagId: string, parameters: unknown, target: FlagTarget = {}): boolean {
  const { Users = [], Groups = [], DefaultRolloutPercentage, Exclusion } = readAudience(flagId, parameters);
  if (isNamed(Exclusion, target)) return false;
  if (target.userId !== undefined && Users.includes(target.userId)) return true;
  const byGroup = Groups.some(
    ({ Name, RolloutPercentage }) =>
      Name !== undefined &&
      target.groups?.includes(Name) === true &&
      isIn(target, `${flagId}\n${Name}`, RolloutPercentage),
  );
  return byGroup || isIn(target, flagId, DefaultRolloutPercentage);
}

function isNamed(exclusion: FlagAudience["Exclusion"], { userId, groups = [] }: FlagTarget): boolean {
  if (exclusion === undefined) return false;
  const byUser = userId !== undefined && exclusion.Users?.includes(userId) === true;
  return byUser || exclusion.Groups?.some((group) => groups.includes(group)) === true;
}

/** A share that isn't there lets nobody in. */
function isIn({ userId }: FlagTarget, hint: string, share: number | undefined): boolean {
  return share !== undefined && inRange(bucketOf(userId, hint), 0, share);
}
