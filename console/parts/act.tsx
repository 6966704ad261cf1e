import { useState } from "preact/hooks";
import { noteRefusal } from "../session.ts";
import { Button } from "./button.tsx";
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
      <Button isOff={isBusy} onClick={go}>
        {label}
      </Button>
      {error !== null && <Fault error={error} />}
    </>
  );
}
