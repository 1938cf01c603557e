/** Reads a word from the address that must be in a list. Anything else counts as absent. */
export function oneOf<const Words extends readonly string[]>(words: Words, value: unknown): Words[number] | undefined {
  return words.find((word) => word === value);
}

/** Reads a text from the address. The router turns `?q=12` into a number, but people typed a text. */
export function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : undefined;
}
