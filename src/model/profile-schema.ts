/** Types and formats of user profile attributes. */
export type AttributeType = "string" | "boolean" | "number" | "integer" | "array";
export type AttributeFormat =
  | "login"
  | "email"
  | "uri"
  | "country-code"
  | "language-code"
  | "locale"
  | "timezone"
  | "date-time";

export interface AttributeSchema {
  readonly title: string;
  readonly type: AttributeType;
  readonly required?: boolean | undefined;
  /** In Unicode characters. */
  readonly minLength?: number | undefined;
  readonly maxLength?: number | undefined;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly pattern?: string | undefined;
  readonly enum?: readonly (string | number)[] | undefined;
  readonly format?: AttributeFormat | undefined;
  /** No two users may have the same value (compared without regard to case). */
  readonly unique?: boolean | undefined;
}

export type ProfileSchema = ReadonlyMap<string, AttributeSchema>;

/**
 * The 31 base attributes of a user profile, with the limits that Okta's published schema and
 * OpenAPI description give them.
 */
export const BASE_ATTRIBUTES: ProfileSchema = new Map<string, AttributeSchema>([
  [
    "login",
    {
      title: "Username",
      type: "string",
      required: true,
      minLength: 5,
      maxLength: 100,
      format: "login",
    },
  ],
  [
    "firstName",
    { title: "First name", type: "string", required: true, minLength: 1, maxLength: 50 },
  ],
  ["lastName", { title: "Last name", type: "string", required: true, minLength: 1, maxLength: 50 }],
  ["middleName", { title: "Middle name", type: "string" }],
  ["honorificPrefix", { title: "Honorific prefix", type: "string" }],
  ["honorificSuffix", { title: "Honorific suffix", type: "string" }],
  [
    "email",
    {
      title: "Primary email",
      type: "string",
      required: true,
      minLength: 5,
      maxLength: 100,
      format: "email",
    },
  ],
  ["title", { title: "Title", type: "string" }],
  ["displayName", { title: "Display name", type: "string" }],
  ["nickName", { title: "Nickname", type: "string" }],
  ["profileUrl", { title: "Profile Url", type: "string", format: "uri" }],
  [
    "secondEmail",
    { title: "Secondary email", type: "string", minLength: 5, maxLength: 100, format: "email" },
  ],
  ["mobilePhone", { title: "Mobile phone", type: "string", maxLength: 100 }],
  ["primaryPhone", { title: "Primary phone", type: "string", maxLength: 100 }],
  ["streetAddress", { title: "Street address", type: "string", maxLength: 1024 }],
  ["city", { title: "City", type: "string", maxLength: 128 }],
  ["state", { title: "State", type: "string", maxLength: 128 }],
  ["zipCode", { title: "Zip code", type: "string", maxLength: 50 }],
  ["countryCode", { title: "Country code", type: "string", format: "country-code" }],
  ["postalAddress", { title: "Postal Address", type: "string", maxLength: 4096 }],
  ["preferredLanguage", { title: "Preferred language", type: "string", format: "language-code" }],
  ["locale", { title: "Locale", type: "string", format: "locale" }],
  ["timezone", { title: "Time zone", type: "string", format: "timezone" }],
  ["userType", { title: "User type", type: "string" }],
  ["employeeNumber", { title: "Employee number", type: "string" }],
  ["costCenter", { title: "Cost center", type: "string" }],
  ["organization", { title: "Organization", type: "string" }],
  ["division", { title: "Division", type: "string" }],
  ["department", { title: "Department", type: "string" }],
  ["managerId", { title: "ManagerId", type: "string" }],
  ["manager", { title: "Manager", type: "string" }],
]);

/** The base attributes followed by the configured ones. */
export function profileSchema(custom: ProfileSchema): ProfileSchema {
  return new Map([...BASE_ATTRIBUTES, ...custom]);
}
