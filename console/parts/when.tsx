import { ago, time } from "../text.ts";
import { times } from "../times.ts";
import { say } from "../texts.ts";

/** A time as people say it, with the whole of it behind; or the whole, with how long ago it was behind. */
export function When({ at }: { readonly at: string | null }) {
  if (at === null) return <>{say().common.never}</>;
  const [shown, behind] = times.value === "ago" ? [ago(at), time(at)] : [time(at), ago(at)];
  return (
    <time dateTime={at} title={behind}>
      {shown}
    </time>
  );
}
