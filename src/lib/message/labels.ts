/** What gates are called in messages; one that compares has no name here, and no row. */
export const metricLabels: Readonly<Record<string, string>> = {
  "error-rate": "Error rate",
  "p95-latency": "P95 latency",
  exceptions: "Exceptions",
  health: "Health checks",
  "db-pool": "Database pool",
  "queue-depth": "Queue depth",
  memory: "Memory",
};
