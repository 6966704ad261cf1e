/**
 * Changes of single places in a configuration file; comments, variables and everything else stay.
 * Every scalar is taken as the text that it is: `007` and `1.10` mean what stands there.
 */
import { isDeepStrictEqual } from "node:util";
import {
  isMap,
  isNode,
  isScalar,
  isSeq,
  parseDocument,
  Scalar,
  stringify,
  YAMLMap,
  YAMLSeq,
  type Document,
} from "yaml";
import type { ConfigurationEdit } from "../model/configuration-edit.ts";
import { RollcallError } from "../model/errors.ts";

/** Every value as it is written: a number that is written `007` stays that. */
export const AS_TEXT = { schema: "failsafe" } as const;
const BYTE_ORDER_MARK = "\ufeff";

/**
 * The text of a configuration file with these changes.
 * @throws RollcallError `config.readOnly` if more than the named places would change
 */
export function withEdits(text: string, edits: readonly ConfigurationEdit[]): string {
  const document = parseDocument(text, AS_TEXT);
  const wanted: unknown = document.toJS() ?? {};
  for (const { path, value, whole } of edits) {
    // Where the file leaves defaults to stand, they would end with the first value that it has.
    if (whole !== undefined && isEmpty(document, whole.path)) put(document, wanted, whole);
    put(document, wanted, { path, value });
  }
  const result = asBefore(text, written(document));
  if (!isDeepStrictEqual(parseDocument(result, AS_TEXT).toJS(), wanted)) throw unchangeable();
  return result;
}

/** @throws RollcallError `config.readOnly` */
function written(document: Document): string {
  try {
    return document.toString({ lineWidth: 0, flowCollectionPadding: true });
  } catch {
    // Such as an alias of what was taken away.
    throw unchangeable();
  }
}

function unchangeable(): RollcallError {
  const message = "The file is written in a way in which a single place of it cannot be changed.";
  return new RollcallError("config.readOnly", message);
}

/** Line ends and the mark at the beginning, as they were. */
function asBefore(text: string, written: string): string {
  const lines = text.includes("\r\n") ? written.replaceAll(/\r?\n/g, "\r\n") : written;
  const isMarked = text.startsWith(BYTE_ORDER_MARK) && !lines.startsWith(BYTE_ORDER_MARK);
  return isMarked ? BYTE_ORDER_MARK + lines : lines;
}

function isEmpty(document: Document, path: readonly string[]): boolean {
  const present = document.getIn(path, true);
  if (isMap(present)) return present.items.length === 0;
  return present === undefined || present === null || (isScalar(present) && isBlank(present));
}

/** `key:` without a value. */
function isBlank({ value }: Scalar): boolean {
  return value === null || value === "";
}

/** Writes a value into the document, and into what the document is to say. */
function put(
  document: Document,
  wanted: unknown,
  { path, value }: Pick<ConfigurationEdit, "path" | "value">,
): void {
  const present = document.getIn(path, true);
  if (value === null) {
    if (document.hasIn(path)) document.deleteIn(path);
    // The same place with another text, so that what stands behind it stays.
  } else if (isScalar(present) && typeof value !== "object") {
    const node = scalarOf(value);
    present.value = node.value;
    present.type = node.type ?? "PLAIN";
  } else if (isSeq(present) && Array.isArray(value)) {
    present.items = itemsOf(present, value);
  } else {
    const node = nodeOf(value);
    if (isNode(present)) {
      node.comment = present.comment ?? null;
      node.commentBefore = present.commentBefore ?? null;
    }
    setAt(document, path, node);
  }
  assign(wanted, path, value);
}

/** What stays in a list keeps what is said of it, wherever it goes. */
function itemsOf(present: YAMLSeq, value: readonly unknown[]): unknown[] {
  // Whoever asks knows what a variable or an alias stands for, and not that it is one.
  const isPlain = (item: unknown): boolean => isScalar(item) && !String(item.value).includes("${");
  if (!present.items.every((item) => isPlain(item) || isMap(item))) throw unchangeable();
  const left = [...present.items];
  return value.map((one) => {
    const at = left.findIndex((item) => isScalar(item) && item.value === one);
    return at === -1 ? nodeOf(one) : left.splice(at, 1)[0];
  });
}

/** Makes what is missing on the way; a new key is written so that it is a text. */
function setAt(
  document: Document,
  path: readonly string[],
  node: Scalar | YAMLMap | YAMLSeq,
): void {
  if (!isMap(document.contents)) document.contents = new YAMLMap() as typeof document.contents;
  let map = document.contents as unknown as YAMLMap;
  for (const key of path.slice(0, -1)) {
    let inner = map.get(key, true) as unknown;
    if (!isMap(inner)) {
      inner = new YAMLMap();
      map.set(scalarOf(key), inner);
    }
    map = inner as YAMLMap;
  }
  const last = path.at(-1) ?? "";
  map.set(map.has(last) ? last : scalarOf(last), node);
}

function assign(target: unknown, path: readonly string[], value: unknown): void {
  const [name = "", ...rest] = path;
  const map = target as Record<string, unknown>;
  if (rest.length > 0) {
    const inner = map[name];
    if (value === null && (typeof inner !== "object" || inner === null)) return;
    if (typeof inner !== "object" || inner === null) map[name] = {};
    assign(map[name], rest, value);
  } else if (value === null) delete map[name];
  else map[name] = plain(value);
}

/** A value as the texts that it is written with. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return String(value);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]));
}

function nodeOf(value: unknown): Scalar | YAMLMap | YAMLSeq {
  if (Array.isArray(value)) {
    const list = new YAMLSeq();
    list.flow = true;
    for (const one of value) list.add(nodeOf(one));
    return list;
  }
  if (typeof value !== "object" || value === null) return scalarOf(value);
  const map = new YAMLMap();
  for (const [key, one] of Object.entries(value)) map.set(scalarOf(key), nodeOf(one));
  return map;
}

/** What a reader of YAML would take for something else than this text stands in quotes. */
function scalarOf(value: unknown): Scalar<string> {
  const node = new Scalar(String(value));
  const isPlain = typeof value !== "string" || stringify(value, { lineWidth: 0 }) === `${value}\n`;
  const quoted = String(value).includes("'") || /[\n\t\\]/.test(String(value));
  node.type = isPlain ? "PLAIN" : quoted ? "QUOTE_DOUBLE" : "QUOTE_SINGLE";
  return node;
}
