import { useState } from "preact/hooks";
import { noteRefusal } from "../session.ts";
import { Fault } from "./page.tsx";

/** A button that has something done at once, and says what went wrong. */
export function Act({
  label,
  act,
}: {
  readonly label: string;
  readonly act: () => Promise<unknown>;
}) {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const go = (): void => {
    if (isBusy) return;
    setBusy(true);
    setError(null);
    act()
      .catch((thrown: unknown) => {
        noteRefusal(thrown);
        setError(thrown as Error);
      })
      .finally(() => setBusy(false));
  };
  return (
    <>
      <button type="button" aria-disabled={isBusy} onClick={go}>
        {label}
      </button>
      {error !== null && <Fault error={error} />}
    </>
  );
}
