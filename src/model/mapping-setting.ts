/** One mapping as the configuration has it: of a directory, or of an app. */
export interface MappingSetting {
  readonly expression: string;
  /** On creation of the user only, or on creation and every update. */
  readonly apply: "create" | "update";
  readonly line: number;
}
