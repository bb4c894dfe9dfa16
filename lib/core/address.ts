const usual: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443, 'ldap:': 389, 'ldaps:': 636 };

/** Port of an address: the one that it names, or the usual one of http, https, ldap or ldaps. */
export function portOfUrl(url: string): number {
  const { port, protocol } = new URL(url);
  const found = port === '' ? usual[protocol] : Number(port);
  if (found === undefined) throw new Error(`nobody knows the port of ${url}`);
  return found;
}
