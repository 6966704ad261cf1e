/** Sentences in a row, each ending with one full stop; empty ones are left out. */
export function sentences(...parts: readonly (string | null)[]): string {
  return parts
    .flatMap((part) =>
      part === null || part === "" ? [] : [/[.!?]$/.test(part) ? part : `${part}.`],
    )
    .join(" ");
}
