/**
 * Where an expression is written: what is wrong with it shows while it is typed, with the sign below
 * the place, and names and functions are completed.
 */
import type { RefObject, TargetedFocusEvent } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { ask, type FaultsFacts, type MappingOf, rollcall, type WordsFacts } from "../api.ts";
import { useAsked, type Asked } from "../asked.ts";
import { completionsOf, type Completion } from "../completion.ts";
import { noteRefusal } from "../session.ts";
import { say } from "../texts.ts";

interface ExpressionFieldProps {
  /** Whose mapping it is. */
  readonly of: MappingOf;
  readonly attribute: string;
  readonly value: string;
  readonly change: (value: string) => void;
}

/** As the API takes it. */
const MOST_CHARACTERS = 4096;

/** Where no words are offered. */
const NOWHERE = -1;

export function ExpressionField({ of, attribute, value, change }: ExpressionFieldProps) {
  const id = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  const list = useRef<HTMLSelectElement>(null);
  const put = useCaret(field);
  const words = useWords(of);
  // Where words are offered: made anew from what is known, as they may come after what is typed.
  const [at, setAt] = useState(NOWHERE);
  const offered =
    at === NOWHERE ? [] : completionsOf(words.answer?.words ?? [], value.slice(0, at));
  const accept = ({ from, text }: Completion): void => {
    put(from + text.length);
    change(value.slice(0, from) + text + value.slice(at));
    setAt(NOWHERE);
  };
  // What is offered is for what stands before the caret of then.
  const leave = (): void => {
    if (field.current?.selectionEnd !== at) setAt(NOWHERE);
  };
  const type = (event: InputEvent & { readonly currentTarget: HTMLTextAreaElement }): void => {
    const { value: text, selectionEnd } = event.currentTarget;
    change(text);
    setAt(selectionEnd);
  };
  const press = (event: KeyboardEvent): void => {
    if (offered.length === 0) return;
    if (event.key === "ArrowDown") list.current?.focus();
    else if (event.key === "Escape") setAt(NOWHERE);
    else return;
    event.preventDefault();
  };
  return (
    <div class="wide expression" onFocusOut={(event) => isLeft(event) && setAt(NOWHERE)}>
      <label>
        {say().common.expression}
        <textarea
          ref={field}
          rows={3}
          maxLength={MOST_CHARACTERS}
          spellcheck={false}
          aria-describedby={`${id}-faults`}
          value={value}
          onInput={type}
          onKeyDown={press}
          onSelect={leave}
        />
      </label>
      <Offered
        list={list}
        of={offered}
        accept={accept}
        close={() => {
          setAt(NOWHERE);
          field.current?.focus();
        }}
      />
      <Faults id={id} of={of} attribute={attribute} expression={value} />
    </div>
  );
}

/** Whether the focus goes to somewhere outside. */
function isLeft({ currentTarget, relatedTarget }: TargetedFocusEvent<HTMLElement>): boolean {
  return !currentTarget.contains(relatedTarget as Node | null);
}

/** @returns what puts the caret to a place of the text that will stand there next */
function useCaret(field: RefObject<HTMLTextAreaElement | null>): (at: number) => void {
  const caret = useRef<number | null>(null);
  useLayoutEffect(() => {
    if (caret.current === null) return;
    field.current?.focus();
    field.current?.setSelectionRange(caret.current, caret.current);
    caret.current = null;
  });
  return (at) => (caret.current = at);
}

function useWords(of: MappingOf): Asked<WordsFacts> {
  return useAsked(() => ask(rollcall.expressions.words.$get({ query: of })), JSON.stringify(of));
}

interface OfferedProps {
  readonly list: RefObject<HTMLSelectElement | null>;
  readonly of: readonly Completion[];
  readonly accept: (one: Completion) => void;
  readonly close: () => void;
}

/** A list of the browser's own: the arrow down leads into it, Enter or a click takes a word. */
function Offered({ list, of, accept, close }: OfferedProps) {
  const take = (): void => {
    const one = of[list.current?.selectedIndex ?? -1];
    if (one !== undefined) accept(one);
  };
  const press = (event: KeyboardEvent): void => {
    if (event.key === "Enter") take();
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  };
  return (
    <>
      <output class="hidden">{of.length > 0 && say().expressions.offered(of.length)}</output>
      {of.length > 0 && (
        <select
          ref={list}
          class="completions"
          aria-label={say().expressions.names}
          size={Math.max(of.length, 2)}
          onKeyDown={press}
          onClick={take}
          onFocus={({ currentTarget }) => {
            if (currentTarget.selectedIndex < 0) currentTarget.selectedIndex = 0;
          }}
        >
          {of.map(({ of: { word, signature, describe } }) => (
            <option key={word}>
              {signature ?? word}
              {describe === null ? "" : `: ${describe}`}
            </option>
          ))}
        </select>
      )}
    </>
  );
}

/** So long nobody types any more. */
const REST_MS = 250;

type FaultsProps = Omit<ExpressionFieldProps, "value" | "change"> & {
  readonly id: string;
  readonly expression: string;
};

type FaultsQuery = MappingOf & { readonly attribute: string; readonly expression: string };

/** What is wrong with what stands there; while that is being asked, what was wrong before. */
function Faults({ id, of, attribute, expression }: FaultsProps) {
  const asked = JSON.stringify({ ...of, attribute, expression });
  const [found, setFound] = useState<FaultsFacts["faults"]>([]);
  useEffect(() => {
    let isMeant = true;
    const timer = setTimeout(() => {
      ask(rollcall.expressions.faults.$get({ query: JSON.parse(asked) as FaultsQuery }))
        .then(({ faults }) => isMeant && setFound(faults))
        .catch((error: unknown) => {
          noteRefusal(error);
          if (isMeant) setFound([]);
        });
    }, REST_MS);
    return () => {
      isMeant = false;
      clearTimeout(timer);
    };
  }, [asked]);
  return (
    <output id={`${id}-faults`}>
      {found.map(({ message, where, pointer }) => (
        <div key={message + where} class="fault">
          {message} ({where})
          <pre>
            <code>{pointer}</code>
          </pre>
        </div>
      ))}
    </output>
  );
}
