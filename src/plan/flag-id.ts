/** Whether App Configuration takes an id: at least one character, no colon, percent sign or line break. */
export function isFlagId(id: string): boolean {
  return id !== "" && /^[^:\n\r%]*$/.test(id);
}
