/** The part of the error catalogue that is about one person: the entry, its mappings, its values. */

export interface ErrorEntry {
  readonly what: string;
  readonly cure: string;
}

const CONSTRAINT = "platform.cvd.profile.property.constraint.violation";
const EXPRESSION = "platform.cvd.profile.expression";

export const PERSON_ERRORS = {
  "entry.idMissing": {
    what: "The entry has no value for the attribute that identifies people, so it cannot be kept.",
    cure: "Set users.id to an attribute that every entry has and that never changes (entryUUID, objectGUID, nsUniqueId).",
  },
  "link.disconnected": {
    what: "The directory was taken out of the configuration, which ended the links of its entries.",
    cure: "Nothing has to be done. If the directory comes back, its next full import links the entries again; access that was taken away meanwhile is given back by hand.",
  },
  "entry.idAmbiguous": {
    what: "The identifying attribute has more than one value.",
    cure: "Set users.id to a single-valued attribute that never changes.",
  },
  "entry.duplicateId": {
    what: "Two entries of one read have the same identifier, so neither counts. Whoever had it keeps everything.",
    cure: "Set users.id to an attribute that is unique in the directory.",
  },
  "entry.idRespelled": {
    what: "Somebody is not shown any more, and a new entry elsewhere has the same identifier but for capitals or blanks. Nobody is taken for gone.",
    cure: "If it is the same person, link the new entry to the user by hand. If it is another one, and this one has left, deactivate the user by hand; the next import lets the entry go.",
  },
  "entry.unnumbered": {
    what: "Somebody is not shown any more, and a new entry without a usable identifier has the same address or name. Nobody is taken for gone.",
    cure: "Give the entry its identifier in the directory. If it is another person, and this one has left, deactivate the user by hand; the next import lets the entry go.",
  },
  "entry.contended": {
    what: "Somebody is not shown any more, and several new entries would take the place. Nobody is taken for gone, and nobody takes it.",
    cure: "Say whose the entries are by hand. If none of them is this person, who has left, deactivate the user by hand; the next import lets the entry go.",
  },
  "entry.tooLarge": {
    what: "The entry is larger than 32 MiB and is not kept.",
    cure: "Leave its large attribute out of users.attributes.",
  },
  "entry.idTooLong": {
    what: "The identifier is longer than 512 characters.",
    cure: "Set users.id to the attribute that really identifies people.",
  },
  "entry.undecodable": {
    what: "The entry contains something that is not valid, such as an attribute name that is none, so it cannot be used.",
    cure: "Look at the entry in the directory. Leave the attribute out of users.attributes, or correct it.",
  },
  "entry.notText": {
    what: "A value that a mapping reads is bytes and no text: it is not valid UTF-8, or contains NUL.",
    cure: "Correct the value in the directory. A file has to be saved as UTF-8; other encodings show so where letters such as ü stand.",
  },
  "entry.stateUnknown": {
    what: "The attribute that tells whether the account is disabled is absent or is no number, so whether it is cannot be told. The person keeps access, or stays without it, as before; nobody new is created.",
    cure: "Give the bind account the right to read the attribute, or correct users.disabled.",
  },
  "entry.unstorable": {
    what: "The database refuses a value of this person, so nothing of the person was changed.",
    cure: "Look at the message. Leave the attribute out of users.attributes, or correct its value.",
  },
  "match.ambiguous": {
    what: "More than one existing user fits the matching rules, or several new entries fit one user, so the entry was linked to none.",
    cure: "Make the rule's attribute unique, or remove the duplicate user.",
  },
  "match.unconfirmed": {
    what: "A matching rule finds a user whom another directory has or had, by an attribute that people may write themselves, or the rule says onMatch: confirm. The entry is linked to nobody until a person has confirmed it.",
    cure: "Confirm it, say that it is somebody new, or set it aside. A rule whose attribute nobody can choose may link by itself: onMatch: link.",
  },
  notUniqueWithinOrgAppId: {
    what: "The matching user is already linked to another entry of the same directory.",
    cure: "Remove the double entry in the directory, or make the matching rule stricter.",
  },
  notUniqueWithinOrg: {
    what: "The login, or the value of another unique attribute, is already used by another user (compared without case).",
    cure: "Change the value of one of the two, or link both entries to one user by a matching rule.",
  },
  "notUniqueWithinObject.config.email": {
    what: "The secondary e-mail address equals the primary one.",
    cure: "Map another attribute to secondEmail, or none.",
  },
  invalidLogin: {
    what: "The login contains characters that a login must not have.",
    cure: "Correct the attribute that login is mapped from.",
  },
  invalidLoginEmail: {
    what: "The login is not in the form of an e-mail address.",
    cure: "Correct the attribute that login is mapped from, or map another one.",
  },
  doesNotMatchPattern: {
    what: "The value is not an e-mail address.",
    cure: "Correct the value in the directory.",
  },
  [`${CONSTRAINT}.required`]: {
    what: "A required attribute has no value.",
    cure: 'Fill it in the directory, or map it with a default, for example `appuser.givenName ?: "-"`.',
  },
  [`${CONSTRAINT}.maxLength`]: {
    what: "The value is longer than the attribute allows.",
    cure: "Shorten the value, or cut it in the mapping with String.substring.",
  },
  [`${CONSTRAINT}.minLength`]: {
    what: "The value is shorter than the attribute allows.",
    cure: "Correct the value in the directory.",
  },
  [`${CONSTRAINT}.timezone`]: {
    what: "The value is not a time zone of the IANA database.",
    cure: "Use a name such as Europe/Berlin.",
  },
  [`${CONSTRAINT}.localeFormat`]: {
    what: "The value is not a locale of the form language_COUNTRY.",
    cure: "Use a value such as en_US.",
  },
  [`${CONSTRAINT}.countryCode`]: {
    what: "The value is not a two-letter country code of ISO 3166-1.",
    cure: "Use a value such as DE.",
  },
  [`${CONSTRAINT}.languageCode`]: {
    what: "The value is not a language tag.",
    cure: "Use a value such as de or pt-BR.",
  },
  [`${CONSTRAINT}.uri`]: {
    what: "The value is not a URL.",
    cure: "Correct the value in the directory.",
  },
  [`${CONSTRAINT}.dateFormat`]: {
    what: "The value is not a date and time of ISO 8601.",
    cure: "Use a value such as 2026-11-22T08:00:00Z.",
  },
  [`${CONSTRAINT}.minimum`]: {
    what: "The number is below the attribute's minimum.",
    cure: "Correct the value in the directory.",
  },
  [`${CONSTRAINT}.maximum`]: {
    what: "The number is above the attribute's maximum.",
    cure: "Correct the value in the directory.",
  },
  [`${CONSTRAINT}.regex`]: {
    what: "The value does not match the attribute's pattern.",
    cure: "Correct the value, or the pattern under profile.attributes.",
  },
  [`${CONSTRAINT}.enum`]: {
    what: "The value is not one of those that the attribute allows.",
    cure: "Use one of the listed values, or extend `enum` under profile.attributes.",
  },
  [`${CONSTRAINT}.schema`]: {
    what: "The value has another type than the attribute, for example several values for one.",
    cure: "Pick one value in the mapping, for example `appuser.mail[0]`, or make the attribute an array.",
  },
  [`${EXPRESSION}.invalid.syntax`]: {
    what: "The expression does not parse.",
    cure: "Correct it at the position given.",
  },
  [`${EXPRESSION}.function.not.found`]: {
    what: "The expression calls a function that does not exist.",
    cure: "Use one of the functions in docs/12-expressions.md.",
  },
  [`${EXPRESSION}.method.param.count.mismatch`]: {
    what: "A function is called with the wrong number of arguments.",
    cure: "See the function's signature in docs/12-expressions.md.",
  },
  [`${EXPRESSION}.invalid.return.type`]: {
    what: "An expression, or a part of it, has a type that does not fit its place.",
    cure: "Correct it at the position given.",
  },
  [`${EXPRESSION}.propertyIsNotFound`]: {
    what: "The expression names something that does not exist at this place.",
    cure: "Use appuser.NAME, source.NAME, or the directory's own name.",
  },
  [`${EXPRESSION}.mappingToSameProfileNotAllowed`]: {
    what: "A To-Okta mapping reads the user profile, which is what it writes.",
    cure: "Use appuser.NAME; `user.NAME` belongs into mappings from Okta to an application.",
  },
  [`${EXPRESSION}.unsupported.construct`]: {
    what: "The expression uses a construct that Rollcall does not have.",
    cure: "Rewrite it with what docs/12-expressions.md describes.",
  },
  [`${EXPRESSION}.uncategorized.error`]: {
    what: "The expression could not be evaluated for this person.",
    cure: "Look at the message, and at the inputs in a preview.",
  },
  "platform.cvd.profiles.mapping.targetIsInvalid": {
    what: "A mapping's target is not an attribute of the user profile.",
    cure: "Correct the name, or define the attribute under profile.attributes.",
  },
  "platform.cvd.profiles.mapping.cannotHaveEmptyLogin": {
    what: "A directory that creates users has no mapping for the login, or one that gives no value.",
    cure: "Add `login:` under toOkta.",
  },
  "platform.cvd.profiles.mapping.mappingNotFoundForTarget": {
    what: "A directory that creates users has no mapping for an attribute that every user needs.",
    cure: "Add it under toOkta, or set `onNoMatch: ignore` if another directory creates the users.",
  },
} as const satisfies Record<string, ErrorEntry>;
