import "./lib/start.ts";
import { PolicyPack } from "@pulumi/policy";
import { policies } from "./policies.ts";

/** Nobody else makes the pack: its constructor starts a server, and never ends. */
new PolicyPack("rollout-guardrails", {
  description: "What a rollout may not do, and what it had better not",
  enforcementLevel: "mandatory",
  policies: [...policies],
});
