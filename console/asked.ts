/** An answer of the API as a page shows it: not there yet, there, or refused. */
import { useEffect, useRef, useState } from "preact/hooks";
import { unattended } from "./api.ts";
import { noteRefusal } from "./session.ts";

export interface Asked<Answer> {
  readonly answer: Answer | null;
  readonly error: Error | null;
  readonly isBusy: boolean;
  /** Asks again; what is shown stays until there is something newer. */
  readonly again: () => void;
}

/**
 * @param key what the question is; another key is another question
 * @param fresh another text asks the same again: until the answer comes, the one before it is shown
 */
export function useAsked<Answer>(
  question: () => Promise<Answer>,
  key: string,
  fresh = "",
): Asked<Answer> {
  const [state, setState] = useState<{ key: string; answer: Answer | null; error: Error | null }>({
    key: "",
    answer: null,
    error: null,
  });
  const [turn, setTurn] = useState(0);
  const [isBusy, setBusy] = useState(true);
  const latest = useRef(question);
  latest.current = question;
  const before = useRef("");
  useEffect(() => {
    let isMeant = true;
    setBusy(true);
    // Only what happened elsewhere is new: nobody here asked.
    const isNews = before.current === `${turn} ${key}`;
    before.current = `${turn} ${key}`;
    (isNews ? unattended(latest.current) : latest.current())
      .then((answer) => isMeant && setState({ key, answer, error: null }))
      .catch((error: unknown) => {
        noteRefusal(error);
        // Who only looks keeps what there was: it may have been a moment without an answer.
        if (isMeant)
          setState((before) =>
            isNews && before.key === key && before.answer !== null
              ? before
              : { key, answer: null, error: error as Error },
          );
      })
      .finally(() => isMeant && setBusy(false));
    return () => {
      isMeant = false;
    };
  }, [key, fresh, turn]);
  const isCurrent = state.key === key;
  return {
    answer: isCurrent ? state.answer : null,
    error: isCurrent ? state.error : null,
    isBusy: isBusy || !isCurrent,
    again: () => setTurn((now) => now + 1),
  };
}
