/** Whether only this machine reaches an address, by how it is written. */
export function isLoopback(host: string): boolean {
  const plain = host.replace(/^\[|\]$/g, "").toLowerCase();
  return (
    plain === "localhost" ||
    plain === "::1" ||
    /^(?:::ffff:)?127(?:\.\d{1,3}){3}$/.test(plain) ||
    plain.endsWith(".localhost")
  );
}
