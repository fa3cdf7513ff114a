// A button that looks like one.
import { block, pixels, styled, text } from "./block";

export const Button = block(
  "button",
  { text: "Read more", href: "https://", align: null, color: null, backgroundColor: null, radius: null },
  (attributes) => [
    "span",
    {
      class: "mail-button",
      style: styled({
        color: text(attributes.color),
        "background-color": text(attributes.backgroundColor),
        "border-radius": pixels(attributes.radius),
      }),
    },
    text(attributes.text) || "Button",
  ],
);
