/** An answer of the API as a page shows it: not there yet, there, or refused. */
import { useEffect, useRef, useState } from "preact/hooks";
import { Refused, unattended } from "./api.ts";
import { noteRefusal } from "./session.ts";

export interface Asked<Answer> {
  readonly answer: Answer | null;
  readonly error: Error | null;
  readonly isBusy: boolean;
  /** Whether what is shown is what there was before: the newest could not be had. */
  readonly isOld: boolean;
  /** Asks again; what is shown stays until there is something newer. */
  readonly again: () => void;
}

interface State<Answer> {
  readonly key: string;
  readonly answer: Answer | null;
  readonly error: Error | null;
  readonly isOld: boolean;
}

const AGAIN_MS = 10_000;

/** Whether the daemon may answer the same question soon: it is away, busy, or has a fault. */
function isMoment(error: unknown): boolean {
  return (
    error instanceof Refused && (error.status === 0 || error.status === 429 || error.status >= 500)
  );
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
  const [state, setState] = useState<State<Answer>>({
    key: "",
    answer: null,
    error: null,
    isOld: false,
  });
  const [turn, setTurn] = useState(0);
  const [retry, setRetry] = useState(0);
  const [isBusy, setBusy] = useState(true);
  const latest = useRef(question);
  latest.current = question;
  const before = useRef("");
  useEffect(() => {
    let isMeant = true;
    let again: ReturnType<typeof setTimeout> | undefined;
    setBusy(true);
    const take = (answer: Answer): void => {
      if (!isMeant) return;
      before.current = `${turn} ${key}`;
      setState({ key, answer, error: null, isOld: false });
    };
    // Only what happened elsewhere is new: nobody here asked.
    const isNews = before.current === `${turn} ${key}`;
    (isNews ? unattended(latest.current) : latest.current())
      .then((answer) => take(answer))
      .catch((error: unknown) => {
        noteRefusal(error);
        if (!isMeant) return;
        // Who only looks keeps what there was, is told so, and it is asked for again.
        const isKept = isNews && isMoment(error);
        const failed = { key, answer: null, error: error as Error, isOld: false };
        setState((now) =>
          isKept && now.key === key && now.answer !== null ? { ...now, isOld: true } : failed,
        );
        if (isKept) again = setTimeout(() => setRetry((now) => now + 1), AGAIN_MS);
      })
      .finally(() => isMeant && setBusy(false));
    return () => {
      isMeant = false;
      clearTimeout(again);
    };
  }, [key, fresh, turn, retry]);
  const isCurrent = state.key === key;
  return {
    answer: isCurrent ? state.answer : null,
    error: isCurrent ? state.error : null,
    isBusy: isBusy || !isCurrent,
    isOld: isCurrent && state.isOld,
    again: () => setTurn((now) => now + 1),
  };
}
