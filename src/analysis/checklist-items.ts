import type { ChecklistItem } from "../types/checklist.ts";
import type { WaivedItem } from "../types/checklist-config.ts";
import type { ItemStatus } from "../types/checklist-status.ts";
import { type Found, waivedAs } from "./checklist-status.ts";

/** The items in their order. What the stack does without, said in its config, is waived whatever was found. */
export function itemStatuses<Item extends ChecklistItem>(
  order: readonly Item[],
  found: Readonly<Record<Item, Found>>,
  waived: readonly WaivedItem[],
): readonly ItemStatus[] {
  return order.map((item) => ({ item, ...(waivedAs(item, waived) ?? found[item]) }));
}

/** The items that still stand in the way. */
export function openItems(items: readonly ItemStatus[]): readonly ItemStatus[] {
  return items.filter(({ status }) => status === "unmet");
}

/** Whether two looks at a list came to the same, item by item. */
export function itemsText(items: readonly ItemStatus[]): string {
  return items.map(({ item, status }) => `${item}=${status}`).join(",");
}
