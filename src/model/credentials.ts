/**
 * Attributes that hold what lets people in elsewhere: passwords, their hashes and histories, keys,
 * seeds of one-time codes, recovery secrets. Nobody needs them in a profile, and whoever reads
 * profiles must not get them. They are known by name, by number, and by what names of their family
 * look like; so an attribute of a schema that nobody has heard of is rather left out, and told.
 */

/** By their names without signs, from the schemas of the servers that have them. */
const NAMES: ReadonlySet<string> = new Set(
  [
    // RFC 4519, RFC 3112, draft-behera-ldap-password-policy, inetOrgPerson
    "userpassword authpassword pwdhistory userpkcs12",
    // Active Directory (MS-ADA1 to 3), Services for UNIX, BitLocker, trusts, roaming credentials
    "unicodepwd ntpwdhistory lmpwdhistory dbcspwd supplementalcredentials unixuserpassword",
    "mssfu30password msdsmanagedpassword msdsmanagedpasswordpreviousid currentvalue priorvalue",
    "trustauthincoming trustauthoutgoing initialauthincoming initialauthoutgoing",
    "msfverecoverypassword msfvekeypackage mstpmownerinformation mstpmownerinformationtemp",
    "msexchumpinchecksum mskdsrootkeydata peklist",
    "mspkiaccountcredentials mspkidpapimasterkeys",
    // Samba, MIT and Heimdal Kerberos, FreeIPA
    "sambantpassword sambalmpassword sambapasswordhistory sambacleartextpassword",
    "krbprincipalkey krbmkey krb5key krbpwdhistory krbextradata",
    "ipanthash ipatokenotpkey ipauserauthtoken ipasecretkey ipaprivatekey",
    // eDirectory, Oracle, Asterisk
    "nspmpassword nspmpasswordhistory sasloginsecret sasloginsecretkey privatekey",
    "sasloginconfigurationkey orclpassword orclpasswordverifier",
    "astaccountsecret astvoicemailpassword",
    // 389, OpenLDAP's own, Zimbra; self-service and access managers: PWM, ForgeRock, PingDirectory
    "nsslapdrootpw nssymmetrickey olcrootpw zimbraauthtokenkey pwmresponseset",
    "oathdeviceprofiles kbainfo dsauthdeliveredotp",
  ].flatMap((line) => line.split(" ")),
);

/** By number, as a server names an attribute that its schema does not know any more. */
const NUMBERS: ReadonlySet<string> = new Set([
  "2.5.4.35",
  "1.3.6.1.4.1.4203.1.3.4",
  "1.3.6.1.4.1.42.2.27.8.1.20",
  "2.16.840.1.113730.3.1.216",
  ...[55, 90, 94, 125, 160, 27, 100, 129, 135, 539, 540, 1910, 1964, 1998, 1999, 2196].map(
    (last) => `1.2.840.113556.1.4.${last}`,
  ),
  "1.2.840.113556.1.6.18.1.309",
  ...[24, 25, 54, 68, 69].map((last) => `1.3.6.1.4.1.7165.2.1.${last}`),
  "2.16.840.1.113719.1.301.4.39.1",
  "1.3.6.1.4.1.5322.10.1.10",
  "2.16.840.1.113719.1.39.43.4.1",
]);

/** What families of such names have in them; of names in lower case without signs. */
const FAMILIES = [
  /passw(?:or)?d|passwort|kennwort|passphrase|passcode|pwd|pw$/,
  /secret(?!ar|air|or)|credential|(?:recovery|backup|scratch|access)code/,
  /(?:private|master|recovery|encryption|signing|api|otp|auth|session|escrow|symmetric)key$/,
  /(?:private|master|recovery|encryption|signing|escrow|preshared)keys?(?:data)?$|psk$/,
  /keytab|keypackage|keymaterial|^(?:oath)?[th]otp(?!hone)|oath(?:key|token)|otp(?:key|seed|token)/,
  /(?:^|samba|ipa|user)(?:nt|lm)hash|(?:password|pwd|pin)hash|^hash$/,
  /cleartext|securityanswer|responseset|pinchecksum/,
  /(?:access|refresh|auth|session|reset|bearer|api|security|remember)tokens?$/,
  /^(?:ms|mcs)?laps(?!e)|(?:user|voicemail|mail|vm|fon|phone|card|sms|door|auth|token)pin$|^pin$/,
];
/** The same where capitals tell where a word begins. */
const WORDS = /(?:^|[a-z0-9_-])(?:P(?:IN|in)$|[TH](?:OTP|otp))/;

/** What names of attributes about passwords end with that hold none: when, how often, by which rule. */
const ABOUT: readonly string[] = [
  "allowed modify link number type enabled disabled permitted complexity strength counter",
  "success lockoutend unlock failure changeflag",
  "time timestamp set count age length policy reference date expiration expirationtime",
  "expired expires warned change changed required notrequired quality properties subentry",
  "class lockout locked duration attempts reset state status dn computed inhistory",
  "expirepassword expirewarning interval skew",
].flatMap((line) => line.split(" "));

/** @param name as it stands in an entry, with its options: `userPassword;x-hash` */
export function isCredential(name: string): boolean {
  const known = answers.get(name);
  if (known !== undefined) return known;
  const base = baseOf(name.toLowerCase()).replace(/^oid\./, "");
  const flat = base.replaceAll(/[^a-z0-9]/g, "");
  const is =
    NUMBERS.has(base) ||
    NAMES.has(flat) ||
    ((FAMILIES.some((family) => family.test(flat)) || WORDS.test(baseOf(name))) &&
      !ABOUT.some((end) => flat.endsWith(end)));
  if (answers.size < MOST_ANSWERS) answers.set(name, is);
  return is;
}

/** Without options. */
function baseOf(name: string): string {
  return name.split(";", 1)[0] ?? name;
}

/** Directories have few names of attributes; whoever makes up others is not remembered. */
const MOST_ANSWERS = 5000;
const answers = new Map<string, boolean>();

/** Tells which attributes of an entry are left out, and notes them. */
export class Withheld {
  readonly #asked: ReadonlySet<string>;
  readonly #told = new Set<string>();

  /** @param attributes that `users.attributes` asks for; who is named there is kept */
  constructor(attributes: readonly string[]) {
    this.#asked = new Set(attributes.map((name) => name.toLowerCase()));
  }

  has(name: string): boolean {
    if (!isCredential(name) || this.#isAsked(name)) return false;
    this.#note(name);
    return true;
  }

  /**
   * Photos and certificates are of no use in a profile, and would be copied with every change of it.
   * @param bytes of all values of an attribute that holds bytes
   */
  isTooLarge(name: string, bytes: number): boolean {
    if (bytes <= MOST_BYTES || this.#isAsked(name)) return false;
    this.#note(name);
    return true;
  }

  #isAsked(name: string): boolean {
    const lower = name.toLowerCase();
    return this.#asked.has(lower) || this.#asked.has(baseOf(lower));
  }

  #note(name: string): void {
    if (this.#told.size < MOST_TOLD) this.#told.add(baseOf(name.toLowerCase()));
  }

  /** Names in lower case, without options, in order. */
  get told(): readonly string[] {
    return [...this.#told].toSorted();
  }
}

const MOST_TOLD = 50;
const MOST_BYTES = 8 * 1024;
