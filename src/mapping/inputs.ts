/** What an expression was given, for whoever asks why it gives what it gives. */
import type { Expression } from "./mapping.ts";
import { attributeKey } from "./references.ts";
import { appUsersOf, type Scope } from "./scope.ts";

export interface Input {
  /** As it stands in the expression: "appuser.mail". */
  readonly name: string;
  /** As the directory gave it: a text, bytes, or several of them; null if it has none. */
  readonly value: unknown;
}

/** The attributes that an expression reads, each once, and the groups, if it asks for them. */
export function inputsOf({ source, reads, needs }: Expression, scope: Scope): Input[] {
  const inputs = new Map<string, unknown>();
  for (const read of reads) {
    const name = source.slice(read.start, read.end).replaceAll(/\s/g, "");
    inputs.set(name, valueOf(read.source, read.attribute, scope));
  }
  if (needs.groups)
    inputs.set(
      "groups",
      scope.facts.groups.map((group) => group.name),
    );
  for (const { attribute, source: directory } of needs.related) {
    const found = scope.facts.related(attribute, directory);
    const login = found?.user?.member("login") ?? null;
    const dn = valueOf(directory, attribute, scope);
    inputs.set(`${directory ?? "appuser"}.${attribute}`, { dn, user: login });
  }
  return [...inputs].map(([name, value]) => ({ name, value }));
}

function valueOf(source: string | null, attribute: string, { app, facts }: Scope): unknown {
  if (source !== null) {
    const [first, second] = appUsersOf(facts, source);
    return first === undefined || second !== undefined ? null : first.profile.member(attribute);
  }
  const key = attributeKey(app, attribute);
  return key === undefined ? null : app[key];
}
