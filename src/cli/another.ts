/** Of an option that may be given again: what was given before, and this one. */
export function another(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
