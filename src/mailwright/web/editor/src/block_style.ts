// How paragraphs and headings stand: their alignment, and a ground that a mail may have brought.
import { Extension } from "@tiptap/core";

export type Alignment = "left" | "center" | "right";

const STYLES = { textAlign: "text-align", backgroundColor: "background-color" } as const;

declare module "@tiptap/core" {
  interface Commands<ReturnType> {
    blockStyle: {
      /** Aligns the blocks of text in the selection; null is as usual. */
      alignText: (alignment: Alignment | null) => ReturnType;
    };
  }
}

export const BlockStyle = Extension.create({
  name: "blockStyle",
  addGlobalAttributes() {
    const attributes = Object.fromEntries(
      Object.entries(STYLES).map(([name, property]) => [
        name,
        {
          default: null,
          parseHTML: (element: HTMLElement) => element.getAttribute(`data-${property}`),
          renderHTML: (held: Record<string, unknown>) =>
            held[name] ? { [`data-${property}`]: held[name], style: `${property}: ${held[name]}` } : {},
        },
      ]),
    );
    return [{ types: ["paragraph", "heading"], attributes }];
  },
  addCommands() {
    return {
      alignText:
        (alignment) =>
        ({ commands }) =>
          ["paragraph", "heading"]
            .map((type) => commands.updateAttributes(type, { textAlign: alignment }))
            .some(Boolean),
    };
  },
});
