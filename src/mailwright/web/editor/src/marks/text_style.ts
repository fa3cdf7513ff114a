// Colour, highlight, font and size of text. Only marks of our own are taken from a paste: what comes
// from a word processor arrives as plain text with its structure.
import { Mark } from "@tiptap/core";

const PROPERTIES = {
  color: "color",
  backgroundColor: "background-color",
  fontFamily: "font-family",
  fontSize: "font-size",
} as const;

export type TextProperty = keyof typeof PROPERTIES;

declare module "@tiptap/core" {
  interface Commands<ReturnType> {
    textStyle: {
      /** Styles the selected text; null takes the property away. */
      styleText: (property: TextProperty, value: string | null) => ReturnType;
    };
  }
}

export const TextStyle = Mark.create({
  name: "textStyle",
  priority: 101,
  addAttributes() {
    return Object.fromEntries(
      Object.keys(PROPERTIES).map((name) => [
        name,
        {
          default: null,
          rendered: false,
          parseHTML: (element: HTMLElement) => element.getAttribute(dataName(name)),
        },
      ]),
    );
  },
  parseHTML() {
    return [{ tag: "span[data-text-style]" }];
  },
  renderHTML({ mark }) {
    const attributes: Record<string, string> = { "data-text-style": "" };
    const style: string[] = [];
    for (const [name, property] of Object.entries(PROPERTIES)) {
      const value = mark.attrs[name] as string | null;
      if (!value) continue;
      attributes[dataName(name)] = value;
      style.push(`${property}: ${value}`);
    }
    return ["span", { ...attributes, style: style.join("; ") }, 0];
  },
  addCommands() {
    return {
      styleText:
        (property, value) =>
        ({ editor, chain }) => {
          const merged = { ...editor.getAttributes(this.name), [property]: value };
          const isBare = Object.values(merged).every((held) => held === null || held === undefined);
          return isBare ? chain().unsetMark(this.name).run() : chain().setMark(this.name, merged).run();
        },
    };
  },
});

function dataName(name: string): string {
  return `data-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
