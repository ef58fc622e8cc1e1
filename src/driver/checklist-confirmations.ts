import type { RecordStore } from "../ports/record.ts";
import type { Confirmation } from "../types/checklist-status.ts";
import type { DriverDeps } from "./session.ts";

/** Under which id the record keeps what people say of a version: there may be no rollout of it yet. */
export function checklistKey(version: string): string {
  return `checklist:${version}`;
}

/** What people have said of the items of a version's checklists, in order. */
export async function confirmationsOf(
  { requests }: Pick<RecordStore, "requests">,
  version: string,
): Promise<readonly Confirmation[]> {
  const all = await requests.read(checklistKey(version));
  return all.flatMap((request) => {
    if (request.kind !== "confirm") return [];
    const { item, by, reason, at } = request;
    return [{ item, by, note: reason, at }];
  });
}

/** The stack as `--stack` takes it, for the commands in hints. */
export function stackName({ checklist, start }: Pick<DriverDeps, "checklist" | "start">): string {
  return checklist?.stack ?? start?.stack ?? "STACK";
}
