/** In place of every name. */
export const FORGOTTEN = "[forgotten]";
