// Columns beside each other; on a phone they stack.
import { Node } from "@tiptap/core";
import type { Node as Block } from "@tiptap/pm/model";
import { block, styled, text } from "./block";

export const Columns = block("columns", { backgroundColor: null }, () => ["div", 0], {
  group: "layout",
  content: "column{1,4}",
  atom: false,
  draggable: false,
  isolating: true,
  defining: true,
  renderHTML({ node }: { node: Block }) {
    const style = styled({ "background-color": text(node.attrs.backgroundColor) });
    const attributes = { "data-block": "columns", "data-attrs": JSON.stringify(node.attrs), style };
    return ["div", attributes, 0];
  },
});

export const Column = Node.create({
  name: "column",
  content: "(block | rich)+",
  isolating: true,
  addAttributes() {
    const parseHTML = (element: HTMLElement) => Number(element.dataset.width) || null;
    return { width: { default: null, rendered: false, parseHTML } };
  },
  parseHTML() {
    return [{ tag: "div[data-column]" }];
  },
  renderHTML({ node }) {
    const width = node.attrs.width as number | null;
    const style = width ? `flex: 0 1 ${width}%` : "";
    return ["div", { "data-column": "", "data-width": width, style }, 0];
  },
});
