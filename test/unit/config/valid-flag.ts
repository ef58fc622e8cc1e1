/** The guide's flag, as a stack's config has it. */
export const validFlag = {
  id: "AuditTrail.NewTamperProofAlgorithm",
  endpoint: "https://atp-prod-appconfig.azconfig.io",
  description: "SHA-512 with Merkle tree for tamper evidence",
  beta: { users: ["tenant-beta-001", "tenant-beta-002"], groups: [{ name: "beta-testers" }] },
  refresh: "5s",
} as const;

export const validVariants = {
  on: { name: "sha512", value: { algorithm: "SHA-512" } },
  off: { name: "sha256" },
} as const;
