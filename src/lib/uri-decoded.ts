/** A percent-encoded text, decoded; as it stands where somebody else wrote it in another way. */
export function uriDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
