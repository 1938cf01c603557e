/** Reads a word of the address that must be one of a list; anything else is as if it were absent. */
export function oneOf<const Words extends readonly string[]>(words: Words, value: unknown): Words[number] | undefined {
  return words.find((word) => word === value);
}

/** Reads a text of the address: the router makes a number of `?q=12`, and what people typed is text. */
export function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : undefined;
}
