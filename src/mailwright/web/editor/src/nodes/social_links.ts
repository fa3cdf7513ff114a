// A row of links to networks.
import { type Attributes, block, text } from "./block";

export interface SocialLink {
  network: string;
  href: string;
}

export const NETWORKS: Record<string, string> = {
  facebook: "Facebook",
  instagram: "Instagram",
  x: "X",
  linkedin: "LinkedIn",
  youtube: "YouTube",
  tiktok: "TikTok",
  threads: "Threads",
  bluesky: "Bluesky",
  mastodon: "Mastodon",
  pinterest: "Pinterest",
  github: "GitHub",
  whatsapp: "WhatsApp",
  telegram: "Telegram",
  website: "Website",
};

export function linksOf(attributes: Attributes): SocialLink[] {
  return Array.isArray(attributes.links) ? (attributes.links as SocialLink[]) : [];
}

export const SocialLinks = block("socialLinks", { links: [], align: null }, (attributes) => [
  "div",
  { class: "mail-social" },
  ...linksOf(attributes).map((link) => [
    "span",
    { title: text(link.href) },
    NETWORKS[link.network] ?? link.network,
  ]),
]);
