// The controls of the properties panel: one for each kind of value.
import { completed } from "./addresses";
import { button, element } from "./elements";
import { icon } from "./icons";
import { NETWORKS, type SocialLink } from "./nodes/social_links";

/** A control, and how to show another value in it. */
export interface Control {
  root: HTMLElement;
  show: (value: unknown) => void;
}

type Write = (value: unknown) => void;

export interface Field {
  name: string;
  label: string;
  make: (label: string, write: Write) => Control;
}

function labelled(label: string, input: HTMLElement, kind: string): HTMLElement {
  return element("label", { class: `control ${kind}` }, element("span", {}, label), input);
}

// A control being typed into is left alone.
function showing(input: HTMLInputElement | HTMLSelectElement, written: (value: unknown) => string) {
  return (value: unknown) => {
    if (document.activeElement !== input) input.value = written(value);
  };
}

const asText = (value: unknown) => (value === null || value === undefined ? "" : String(value));

/** A line of text. */
export function line(label: string, write: Write): Control {
  const input = element("input", { type: "text", maxlength: "1000" });
  input.addEventListener("input", () => write(input.value || null));
  return { root: labelled(label, input, "text"), show: showing(input, asText) };
}

/** A web address or a merge tag. */
export function address(label: string, write: Write): Control {
  const input = element("input", { type: "text", inputmode: "url", placeholder: "https://", spellcheck: "false" });
  input.addEventListener("input", () => write(input.value.trim() || null));
  input.addEventListener("change", () => {
    input.value = completed(input.value);
    write(input.value || null);
  });
  return { root: labelled(label, input, "text"), show: showing(input, asText) };
}

/** A whole number of pixels; empty is as usual. */
export function pixels(least: number, most: number, usual: string) {
  return (label: string, write: Write): Control => {
    const range = { min: String(least), max: String(most) };
    const input = element("input", { type: "number", inputmode: "numeric", placeholder: usual, ...range });
    input.addEventListener("input", () => {
      const number = Math.round(input.valueAsNumber);
      if (!input.value) write(null);
      else if (number >= least && number <= most) write(number);
    });
    return { root: labelled(label, input, "number"), show: showing(input, asText) };
  };
}

/** A colour, or the usual one. */
export function color(usual: string) {
  return (label: string, write: Write): Control => {
    const input = element("input", { type: "color", value: usual });
    const reset = button({ class: "plain", title: `${label}: as usual` }, () => write(null), "Reset");
    input.addEventListener("input", () => write(input.value));
    const show = (value: unknown) => {
      input.value = hex(value) ?? usual;
      reset.hidden = value === null || value === undefined;
    };
    return { root: element("div", { class: "with-reset" }, labelled(label, input, "color"), reset), show };
  };
}

// The colour field of browsers knows #rrggbb only; the canvas knows all that CSS does.
function hex(value: unknown): string | null {
  if (typeof value !== "string") return null;
  const canvas = document.createElement("canvas").getContext("2d");
  if (!canvas) return null;
  canvas.fillStyle = value;
  return canvas.fillStyle.startsWith("#") ? canvas.fillStyle : null;
}

/** One of a few. */
export function choice(options: [string, string][]) {
  return (label: string, write: Write): Control => {
    const input = element("select", {}, ...options.map(([value, text]) => element("option", { value }, text)));
    input.addEventListener("change", () => write(input.value || null));
    return { root: labelled(label, input, "choice"), show: (value) => (input.value = asText(value)) };
  };
}

export const alignment = choice([["", "Usual"], ["left", "Left"], ["center", "Center"], ["right", "Right"]]);

/** A moment, in the author's own time. */
export function moment(label: string, write: Write): Control {
  const input = element("input", { type: "datetime-local" });
  input.addEventListener("input", () => write(input.value ? new Date(input.value).toISOString() : null));
  return { root: labelled(label, input, "moment"), show: showing(input, localMoment) };
}

function localMoment(value: unknown): string {
  const at = new Date(asText(value));
  if (Number.isNaN(at.getTime())) return "";
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

const LINKS_MAX = 12;

/** The links of a social row. */
export function socialLinks(label: string, write: Write): Control {
  const rows = element("div", { class: "link-rows", role: "group", "aria-label": label });
  let shown = "";
  const read = (): SocialLink[] =>
    [...rows.querySelectorAll(".link-row")].map((row) => ({
      network: (row.querySelector("select") as HTMLSelectElement).value,
      href: (row.querySelector("input") as HTMLInputElement).value.trim(),
    }));
  const save = () => {
    const links = read();
    shown = JSON.stringify(links);
    write(links);
  };
  const draw = (links: SocialLink[]) => {
    shown = JSON.stringify(links);
    rows.replaceChildren(...links.map((link) => linkRow(link, save, (row) => (row.remove(), save()))));
    const more = () => {
      const unused = Object.keys(NETWORKS).find((network) => !read().some((link) => link.network === network));
      draw([...read(), { network: unused ?? "website", href: "" }]);
      save();
    };
    if (links.length < LINKS_MAX) rows.append(button({ class: "plain" }, more, icon("plus"), "Add a link"));
  };
  const show = (value: unknown) => {
    const links = Array.isArray(value) ? (value as SocialLink[]) : [];
    if (JSON.stringify(links) !== shown || !rows.childElementCount) draw(links);
  };
  return { root: rows, show };
}

function linkRow(link: SocialLink, save: () => void, remove: (row: HTMLElement) => void): HTMLElement {
  const options = Object.entries(NETWORKS).map(([value, text]) => element("option", { value }, text));
  const network = element("select", { "aria-label": "Network" }, ...options);
  const href = element("input", { type: "text", inputmode: "url", placeholder: "https://", "aria-label": "Address" });
  network.value = link.network;
  href.value = link.href;
  network.addEventListener("change", save);
  href.addEventListener("input", save);
  href.addEventListener("change", () => {
    href.value = completed(href.value);
    save();
  });
  const bin = button({ class: "plain", title: "Remove this link", "aria-label": "Remove this link" }, () => remove(row), icon("bin"));
  const row = element("div", { class: "link-row" }, network, href, bin);
  return row;
}
