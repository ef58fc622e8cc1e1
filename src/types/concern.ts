/** What else a cause may be: it calls people of its own, and keeps what it is about as evidence. */
export const concerns = ["corruption", "compliance"] as const;

export type Concern = (typeof concerns)[number];
