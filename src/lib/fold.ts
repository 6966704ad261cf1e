/**
 * The form in which names are compared, so that nobody can be taken for another: compatible signs
 * are one (NFKC: wide forms, ligatures, the Kelvin sign), composed or not, in whatever case. The
 * database does the same in `store/folded.ts`.
 */
export function foldCase(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  // What lower case makes may be composed anew; a sigma has a form of its own at the end of a word.
  return text.normalize("NFKC").toLowerCase().normalize("NFKC").replaceAll("ς", "σ");
}

// eslint-disable-next-line no-control-regex
const ASCII = /^[\0-\x7f]*$/;
