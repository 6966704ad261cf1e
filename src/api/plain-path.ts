/**
 * The path of a request, still encoded. Clients whose address ends with a slash write two of them,
 * which are one; whoever decides by the path decides by this one.
 */
export function plainPath(request: Request): string {
  const { pathname } = new URL(request.url);
  const single = pathname.replaceAll(/\/{2,}/g, "/");
  return single.length > 1 && single.endsWith("/") ? single.slice(0, -1) : single;
}
