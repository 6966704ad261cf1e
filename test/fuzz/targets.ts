/** The parsers that meet bytes from outside, with what each may answer: a value, or its own error. */
import { encodeFilter, parseFilter } from "../../src/agent/filter.ts";
import { BerError, octetString, tlv } from "../../src/agent/ldap/ber.ts";
import { scanEntry } from "../../src/agent/ldap/decode-entry.ts";
import { MessageStream } from "../../src/agent/ldap/message-stream.ts";
import { parseLdif } from "../../src/agent/ldif/parser.ts";
import { csvLine } from "../../src/lib/csv.ts";
import { foldCase } from "../../src/lib/fold.ts";
import { parseIsoTime } from "../../src/lib/iso-time.ts";
import { visible } from "../../src/lib/safe-output.ts";
import { evaluateText } from "../../src/mapping/evaluate.ts";
import { dnKey, nameOfDn, parentOf, splitDn } from "../../src/model/dn.ts";
import { Withheld } from "../../src/model/credentials.ts";
import { RollcallError } from "../../src/model/errors.ts";
import { momentOf } from "../../src/model/expiry.ts";
import { fileTime, generalizedTime, meaningOf } from "../../src/model/times.ts";
import { parseLogFilter } from "../../src/store/filters/log-filter.ts";
import { EXAMPLE_CONTEXT } from "../tools/expression-context.ts";

export interface Target {
  /** Pieces that inputs are made of besides those of the corpus. */
  readonly words: readonly string[];
  /** Something to begin with. */
  readonly seeds: readonly (string | Buffer)[];
  /** @throws Error if the parser did anything but answer as it may */
  readonly run: (input: Buffer) => Promise<void> | void;
}

/** Whatever else is thrown is a fault. */
function only(allowed: (error: unknown) => boolean, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!allowed(error)) throw error;
  }
}

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

const isOurs =
  (...codes: readonly string[]) =>
  (error: unknown): boolean =>
    error instanceof RollcallError && codes.includes(error.code);

const ENTRY = tlv(
  0x30,
  Buffer.from([2, 1, 1]),
  tlv(
    0x64,
    octetString("uid=ada,dc=x"),
    tlv(
      0x30,
      tlv(0x30, octetString("entryUUID"), tlv(0x31, octetString("1"))),
      tlv(0x30, octetString("cn;lang-de"), tlv(0x31, octetString("Ada"), octetString("A"))),
      tlv(0x30, octetString("objectGUID"), tlv(0x31, octetString(Buffer.alloc(16, 7)))),
      tlv(0x30, octetString("member;range=0-1"), tlv(0x31, octetString("cn=a"))),
    ),
  ),
);

const RULES = {
  idAttribute: "entryUUID",
  withheld: new Withheld(["*"]),
  local: new Set(["lastlogon"]),
  disabled: [{ attribute: "userAccountControl", bit: 2 }],
  stamp: { attribute: "modifytimestamp", note: () => undefined, hide: true },
};

export const TARGETS: Readonly<Record<string, Target>> = {
  ber: {
    words: ["\u0030", "\u0004", "\u0031", "\u0064", "\u0084", "\u0080", "\u00ff", "entryUUID"],
    seeds: [ENTRY, Buffer.concat([ENTRY, ENTRY])],
    run: (input) => {
      const cut = (input[0] ?? 0) % 7;
      only(
        (error) => error instanceof BerError,
        () => {
          const stream = new MessageStream((bytes, start, end) => {
            const entry = scanEntry(bytes, start + 5, end, RULES);
            must(!entry.dn.includes("\0"), "a NUL in a name");
            JSON.stringify(entry.decode().profile);
          });
          stream.limit = 1 << 20;
          for (let at = 0; at < input.length; at += cut + 1)
            stream.push(input.subarray(at, at + cut + 1));
        },
      );
    },
  },
  dn: {
    words: ["cn=", "ou=", ",", "+", "\\", '"', "\\2C", " ", ";", "#04", "=", "ß", "Σ", "oid."],
    seeds: ["CN=Doe\\, John,OU=People,DC=x", 'cn="a,b"+uid=1 , dc = x', "cn=J\\c3\\bcrgen,dc=x"],
    run: (input) => {
      const text = input.toString("utf8");
      const key = dnKey(text);
      must(dnKey(key) === key, "a key has another key");
      splitDn(text);
      nameOfDn(text);
      must((parentOf(text) ?? "").length <= text.length, "a parent longer than its child");
    },
  },
  ldif: {
    words: ["dn: ", "dn:: ", "\n", "\r\n", "\n ", "\n\n", "#", "cn:: w7Y=", "cn:< ", "version: 1"],
    seeds: [
      "version: 1\ndn: uid=a,dc=x\ncn: Ada\n L\nmail:: YUBi\n\n# end\nsearch: 2\nresult: 0 Success\n",
      Buffer.from("\ufeffdn: uid=a\ncn: b\n", "utf16le"),
      "dn: uid=a\nchangetype: add\ncn;range=0-1: b\n\nref: ldap://x\n",
    ],
    run: async (input) => {
      async function* chunks(): AsyncGenerator<Buffer> {
        for (let at = 0; at < input.length; at += 7)
          yield await Promise.resolve(input.subarray(at, at + 7));
      }
      try {
        for await (const record of parseLdif(chunks(), "f"))
          must(record.size >= record.bytes.length, "a record smaller than its bytes");
      } catch (error) {
        if (!isOurs("ldif.invalid")(error)) throw error;
      }
    },
  },
  filter: {
    words: ["(", ")", "&", "|", "!", "=", "*", ">=", "~=", ":=", ":dn:", "\\2a", "cn", "2.5.4.3"],
    seeds: ["(&(objectClass=person)(!(cn=a*b*c)))", "(cn:dn:2.5.13.5:=x)", "(|(a>=1)(b=\\28))"],
    run: (input) =>
      only(isOurs("ldap.filterInvalid"), () => {
        must(encodeFilter(parseFilter(input.toString("utf8"))).length > 1, "an empty filter");
      }),
  },
  times: {
    words: ["2026", "Z", "+0100", "-", "T", ":", ".", "9223372036854775807", "0", "000001010000Z"],
    seeds: ["20260228235959.9Z", "2026-02-28T23:59:59+01:00", "133484544000000000", "0"],
    run: (input) => {
      const text = input.toString("utf8");
      for (const time of [generalizedTime(text), momentOf("accountExpires", text)])
        must(time === null || !Number.isNaN(time), "a time that is none");
      for (const attribute of ["pwdLastSet", "whenCreated", "userAccountControl", "shadowExpire"])
        meaningOf(attribute, text);
      fileTime(text);
      const iso = parseIsoTime(text);
      must(iso === null || !Number.isNaN(iso.getTime()), "a time that is none");
    },
  },
  expression: {
    words: [
      "appuser.",
      "user.",
      "(",
      ")",
      "?",
      ":",
      "+",
      '"',
      "String.",
      "Arrays.",
      "[0]",
      ".![",
      "1",
    ],
    seeds: [
      'String.toUpperCase(appuser.givenName) + "x"',
      "appuser.memberOf.![#this.substring(0, 2)]",
      'hasDirectoryUser() ? findDirectoryUser().mail : ""',
      'Time.fromIso8601ToString("2026-01-01T00:00:00Z", "yyyy")',
    ],
    run: (input) => {
      const result = evaluateText(input.toString("utf8"), EXAMPLE_CONTEXT, 0);
      JSON.stringify(result);
    },
  },
  logFilter: {
    words: ["eventType", " eq ", " and ", " or ", "not ", "(", ")", '"', "pr", "published", "gt"],
    seeds: ['eventType eq "x" and not (target.id sw "a")', 'published gt "2026-01-01T00:00:00Z"'],
    run: (input) =>
      only(isOurs("log.filterInvalid"), () => {
        parseLogFilter(input.toString("utf8"));
      }),
  },
  output: {
    words: ["\u001b[", "\u0000", "\u202e", "=", "＝", '"', ",", "\n", "\u009b", "@", "\u200b"],
    seeds: ["=cmd()", "a,b\n\u001b[2J", "ΝΊΚΟΣ İ ß"],
    run: (input) => {
      const text = input.toString("utf8");
      must(!/[\p{Cc}\u202a-\u202e\u2028]/u.test(visible(text)), "a value steers the terminal");
      must(!/^"?[\s\p{Cf}]*[=@＝＠]/u.test(csvLine([text])), "a cell begins like a formula");
      must(foldCase(foldCase(text)) === foldCase(text), "folding twice is not folding once");
    },
  },
};
