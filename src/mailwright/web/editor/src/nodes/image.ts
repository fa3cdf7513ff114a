// A picture by its address. It counts as plain text until it is aligned, sized or rounded.
import type { DOMOutputSpec } from "@tiptap/pm/model";
import { type Attributes, block, pixels, styled, text } from "./block";

const ADDRESS = /^https?:\/\//i;

function draw(attributes: Attributes): DOMOutputSpec {
  const source = text(attributes.src);
  if (!ADDRESS.test(source)) return ["span", { class: "mail-image-empty" }, source || "Picture"];
  const style = styled({ width: pixels(attributes.width), "border-radius": pixels(attributes.radius) });
  const alt = text(attributes.alt);
  return ["img", { src: source, alt, title: text(attributes.title), referrerpolicy: "no-referrer", style }];
}

export const Image = block(
  "image",
  { src: null, alt: null, title: null, href: null, align: null, width: null, radius: null },
  draw,
  {
    group: "block",
    parseHTML() {
      return [{ tag: 'div[data-block="image"]' }, { tag: "img[src]", getAttrs: foreign }];
    },
  },
);

// A picture in pasted HTML: where it lies and what it shows, nothing of its looks.
function foreign(element: HTMLElement) {
  const src = element.getAttribute("src") ?? "";
  return ADDRESS.test(src) ? { src, alt: element.getAttribute("alt") } : false;
}
