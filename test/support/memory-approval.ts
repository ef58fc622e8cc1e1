import type { Approvals } from "../../src/ports/approval.ts";
import type { ApprovalAnswer } from "../../src/types/approval.ts";

export interface MemoryApprovals extends Approvals {
  /** Sets what it answers from now on. */
  set(answer: ApprovalAnswer): void;
  /** How often it was asked. */
  readonly asked: number;
}

/** A source of approvals in memory: nobody has approved until told otherwise. */
export function createMemoryApprovals(): MemoryApprovals {
  let answer: ApprovalAnswer = { status: "value", approvals: [], authors: [], requesters: [] };
  let asked = 0;
  return {
    name: "memory",
    get asked() {
      return asked;
    },
    set: (next) => {
      answer = next;
    },
    list: async ({ signal }) => {
      asked += 1;
      return signal?.aborted ? { status: "error", message: "it was cancelled" } : answer;
    },
  };
}
