import { ago, time } from "../text.ts";

/** A time as people say it, with the whole of it behind. */
export function When({ at }: { readonly at: string | null }) {
  if (at === null) return <>never</>;
  return (
    <time dateTime={at} title={time(at)}>
      {ago(at)}
    </time>
  );
}
