export { RolloutAlerts } from "./components/rollout-alerts.ts";
export type { AlertReceivers, RolloutAlertsArgs } from "./components/rollout-alerts-args.ts";
export { RolloutDashboard } from "./components/rollout-dashboard.ts";
export type { RolloutDashboardArgs } from "./components/rollout-dashboard-args.ts";
