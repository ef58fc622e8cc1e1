/** A route has at most 16 rules of 64 matches each (Gateway API v1, HTTPRoute), and one of them is everybody else's. */
export const matchesPerRule = 64;
export const maxTenants = 15 * matchesPerRule;
