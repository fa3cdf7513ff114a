// Addresses as people type them.
const SCHEME = /^(https?:\/\/|mailto:)/i;
const MAIL = /^[^\s/@]+@[^\s/@]+\.[^\s/@]+$/;

/** Whether a link may lead there: the web, mail, or a merge tag. */
export function isAllowed(address: string): boolean {
  return SCHEME.test(address) || address.startsWith("{{");
}

/** The address with the scheme that was left out. */
export function completed(typed: string): string {
  const address = typed.trim();
  if (!address || isAllowed(address)) return address;
  return MAIL.test(address) ? `mailto:${address}` : `https://${address.replace(/^\/+/, "")}`;
}
