/**
 * A question before something that cannot be taken back easily. Where many are concerned, their
 * number is typed: whoever knows it has read whom.
 */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { noteRefusal } from "../session.ts";
import { number } from "../text.ts";
import { Button } from "./button.tsx";
import { Fault } from "./page.tsx";
import { say } from "../texts.ts";

/** As languages write between thousands. */
const SEPARATORS = /[\s.,'\u2019\u066c]/g;

interface ConfirmProps {
  readonly title: string;
  /** What the button does, as it says it. */
  readonly verb: string;
  readonly children: ComponentChildren;
  /** To be typed; null: nothing. */
  readonly count: number | null;
  readonly act: () => Promise<unknown>;
  readonly close: () => void;
}

export function Confirm({ title, verb, children, count, act, close }: ConfirmProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [typed, setTyped] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const isMeant = count === null || typed.replaceAll(SEPARATORS, "") === String(count);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (!isMeant || isBusy) return;
    setBusy(true);
    try {
      await act();
      dialog.current?.close();
    } catch (thrown) {
      noteRefusal(thrown);
      setError(thrown as Error);
      setBusy(false);
    }
  };
  return (
    <dialog ref={dialog} onClose={close} aria-labelledby="confirm-title">
      <form onSubmit={(event) => void submit(event)}>
        <h2 id="confirm-title">{title}</h2>
        {children}
        {count !== null && (
          <label>
            {say().common.typeToGoOn(number(count))}
            <input
              inputMode="numeric"
              autocomplete="off"
              value={typed}
              onInput={(event) => setTyped(event.currentTarget.value)}
            />
          </label>
        )}
        {error !== null && <Fault error={error} />}
        <p class="actions">
          <Button type="submit" class="main" isOff={!isMeant || isBusy}>
            {verb}
          </Button>
          <button type="button" onClick={() => dialog.current?.close()}>
            {say().common.notNow}
          </button>
        </p>
      </form>
    </dialog>
  );
}
