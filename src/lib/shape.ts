/** What kind of value it is, by type and size; never the value itself. */
export function shapeOf(value: unknown): string {
  if (value === null || value === undefined) return "no value";
  if (typeof value === "string") return `text of ${value.length} characters`;
  if (Array.isArray(value)) {
    const [first] = value as unknown[];
    return `list of ${value.length}${value.length === 0 ? "" : `, the first a ${shapeOf(first)}`}`;
  }
  if (typeof value !== "object") return typeof value;
  if ("base64" in value && typeof value.base64 === "string") {
    return `${Math.floor((value.base64.length * 3) / 4)} bytes that are no text`;
  }
  return "object";
}
