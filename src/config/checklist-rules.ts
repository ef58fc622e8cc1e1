import { issueAt, type Rule } from "./rule.ts";

/** What is waived twice has two reasons; a test of Azure without a place is nowhere. */
export const checklistHolds: Rule = {
  name: "checklist-holds",
  says: "`checklist.waive` names an item once; a synthetic monitor of kind availability has `workspaceId` or `resourceId`.",
  reads: ["checklist"],
  check: ({ written }) => {
    const { checklist } = written;
    if (checklist === undefined || checklist === false) return [];
    const { waive = [], synthetics = [] } = checklist;
    const twice = waive.flatMap(({ item }, index) =>
      waive.findIndex((one) => one.item === item) === index
        ? []
        : [
            issueAt(written, `checklist.waive[${index}].item`, {
              rule: "an item that is not waived before",
              hint: "Keep one of the two.",
            }),
          ],
    );
    const nowhere = synthetics.flatMap((one, index) =>
      one.kind !== "availability" || (one.workspaceId === undefined) !== (one.resourceId === undefined)
        ? []
        : [
            issueAt(written, `checklist.synthetics[${index}].workspaceId`, {
              rule: "one of workspaceId and resourceId",
              hint: "Write workspaceId: 6f0e1d2c-8a2b-4f4e-9a51-0c7c3c2e8d10, or resourceId.",
            }),
          ],
    );
    return [...twice, ...nowhere];
  },
};
