import type {
  ApprovalDemand,
  ChangeKind,
  EnvironmentName,
  RevertPolicy,
  WindowPolicy,
} from "../types/change.ts";
import type { StrategyKind } from "../types/plan.ts";

/** A row of the guide's "Deployment Strategy Decision Matrix", in its words. */
export interface ChangeRow {
  readonly scenario: string;
  readonly strategy: StrategyKind;
  readonly strategyName: string;
  readonly carrier?: StrategyKind;
  readonly trafficPattern: string;
  readonly rtoSeconds: number;
  readonly rollback: string;
  readonly useWhen: string;
}

/** The decision matrix, row by row. */
export const changeRows: Readonly<Record<ChangeKind, ChangeRow>> = {
  "new-feature": {
    scenario: "New Feature Release",
    strategy: "canary",
    strategyName: "Canary Deployment",
    trafficPattern: "5% → 20% → 50% → 100%",
    rtoSeconds: 60,
    rollback: "< 1 min (traffic revert)",
    useWhen: "Default for Production features",
  },
  "bug-fix": {
    scenario: "Bug Fix (Low Risk)",
    strategy: "rolling",
    strategyName: "Rolling Update",
    trafficPattern: "Pod-by-pod replacement",
    rtoSeconds: 300,
    rollback: "< 5 min (rollout undo)",
    useWhen: "Minor fixes, config changes",
  },
  "major-version": {
    scenario: "Major Version Upgrade",
    strategy: "blue-green",
    strategyName: "Blue-Green Swap",
    trafficPattern: "100% instant switch",
    rtoSeconds: 30,
    rollback: "< 30 sec (slot swap)",
    useWhen: "Database migrations, API versions",
  },
  hotfix: {
    scenario: "Hotfix (Emergency)",
    strategy: "direct",
    strategyName: "Direct + Monitoring",
    trafficPattern: "100% with validation",
    rtoSeconds: 120,
    rollback: "< 2 min (rollout undo)",
    useWhen: "Critical security patches",
  },
  infrastructure: {
    scenario: "Infrastructure Change",
    strategy: "rolling",
    strategyName: "Rolling Update",
    trafficPattern: "Node-by-node",
    rtoSeconds: 300,
    rollback: "< 5 min (rollout undo)",
    useWhen: "Kubernetes version, OS patches",
  },
  // The matrix says "Instant"; the guide's section on flags gives the figure: "RTO: < 10 seconds".
  "breaking-api": {
    scenario: "Breaking API Change",
    strategy: "feature-flag",
    strategyName: "Feature Flag + Canary",
    carrier: "canary",
    trafficPattern: "Gradual feature activation",
    rtoSeconds: 10,
    rollback: "Instant (flag toggle)",
    useWhen: "API deprecation, schema changes",
  },
};

/** A row of the guide's "Environment-Specific Rollout Strategies", and what else an environment asks for. */
export interface EnvironmentRow {
  readonly name: string;
  readonly strategy: StrategyKind;
  readonly primaryStrategy: string;
  readonly approvals: ApprovalDemand;
  readonly approvalWords: string;
  readonly watch: { readonly seconds: number; readonly perIncrement: boolean };
  readonly watchWords: string;
  readonly revert: RevertPolicy;
  readonly window: WindowPolicy;
  readonly promotedIn: readonly EnvironmentName[];
}

const nobody: ApprovalDemand = { required: 0, cab: false, expedited: false };

/** The guide's table of environments, row by row; `hotfix` is prod's row for a hotfix. */
export const environmentRows: Readonly<Record<EnvironmentName | "hotfix", EnvironmentRow>> = {
  dev: {
    name: "Dev",
    strategy: "direct",
    primaryStrategy: "Direct deploy",
    approvals: nobody,
    approvalWords: "No",
    watch: { seconds: 0, perIncrement: false },
    watchWords: "None",
    revert: "manual",
    window: "none",
    promotedIn: [],
  },
  test: {
    name: "Test",
    strategy: "rolling",
    primaryStrategy: "Rolling update",
    approvals: nobody,
    approvalWords: "No",
    watch: { seconds: 300, perIncrement: false },
    watchWords: "5 minutes",
    revert: "on-failure",
    window: "none",
    promotedIn: [],
  },
  staging: {
    name: "Staging",
    strategy: "blue-green",
    primaryStrategy: "Blue-green",
    approvals: { required: 1, cab: false, expedited: false },
    approvalWords: "1 approver",
    watch: { seconds: 1800, perIncrement: false },
    watchWords: "30 minutes",
    revert: "on-health",
    window: "none",
    promotedIn: [],
  },
  prod: {
    name: "Production",
    strategy: "canary",
    primaryStrategy: "Canary (5/20/50/100)",
    approvals: { required: 2, cab: true, expedited: false },
    approvalWords: "2 approvers + CAB",
    watch: { seconds: 900, perIncrement: true },
    watchWords: "15 min per increment",
    revert: "on-metrics",
    window: "enforced",
    promotedIn: ["test", "staging"],
  },
  hotfix: {
    name: "Hotfix",
    strategy: "direct",
    primaryStrategy: "Direct + monitoring",
    approvals: { required: 2, cab: false, expedited: true },
    approvalWords: "2 approvers (expedited)",
    watch: { seconds: 1800, perIncrement: false },
    watchWords: "30 minutes",
    revert: "on-any-error",
    window: "exempt",
    promotedIn: [],
  },
};

/** The guide's words for when a rollout goes back by itself. */
export const revertWords: Readonly<Record<RevertPolicy, string>> = {
  manual: "Manual only",
  "on-failure": "Automatic on failure",
  "on-health": "Automatic on health check failure",
  "on-metrics": "Automatic on metrics breach",
  "on-any-error": "Automatic on any error",
};
