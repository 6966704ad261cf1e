/** A text without these signs at its end. A pattern would try again at each of them. */
export function trimEndOf(text: string, signs: string): string {
  let end = text.length;
  while (end > 0 && signs.includes(text[end - 1] ?? "")) end--;
  return text.slice(0, end);
}

/** A text without these signs at its beginning and end. */
export function trimOf(text: string, signs: string): string {
  let start = 0;
  while (start < text.length && signs.includes(text[start] ?? "")) start++;
  return trimEndOf(text.slice(start), signs);
}
