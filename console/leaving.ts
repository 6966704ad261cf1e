import { useEffect, useState } from "preact/hooks";

/** What is asked for a page alone, and keeps a processor busy, ends with it. */
export function useLeaving(): { readonly init: RequestInit } {
  const [leaving] = useState(() => new AbortController());
  useEffect(() => () => leaving.abort(), [leaving]);
  return { init: { signal: leaving.signal } };
}
