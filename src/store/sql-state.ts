/** SQLSTATE classes of values that cannot be stored, or not in one statement. */
const DATA_FAULT = /^(?:21|22|23|54)/;

export function isDataFault(error: unknown): boolean {
  return DATA_FAULT.test(sqlState(error));
}

export function sqlState(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
