// What the blocks of ours have in common: their attributes travel as JSON in `data-attrs`, so that
// copying one inside the editor keeps all of it, and foreign HTML brings none of it in.
import { Node, type NodeConfig } from "@tiptap/core";
import type { DOMOutputSpec, Node as Block } from "@tiptap/pm/model";

export type Attributes = Record<string, unknown>;

function attributesOf(element: HTMLElement): Attributes {
  try {
    return JSON.parse(element.dataset.attrs ?? "{}") as Attributes;
  } catch {
    return {};
  }
}

/** A node type drawn by `draw`, with these attributes (null: not set). */
export function block(
  name: string,
  defaults: Attributes,
  draw: (attributes: Attributes) => DOMOutputSpec,
  more: Partial<NodeConfig> = {},
) {
  const selector = `div[data-block="${name}"]`;
  return Node.create({
    name,
    group: "rich",
    atom: true,
    draggable: true,
    addAttributes() {
      return Object.fromEntries(
        Object.entries(defaults).map(([attribute, otherwise]) => [
          attribute,
          {
            default: otherwise,
            rendered: false,
            parseHTML: (element: HTMLElement) => attributesOf(element)[attribute] ?? otherwise,
          },
        ]),
      );
    },
    parseHTML() {
      return [{ tag: selector }];
    },
    renderHTML({ node }: { node: Block }) {
      const outer = { "data-block": name, "data-attrs": JSON.stringify(node.attrs) };
      return ["div", { ...outer, style: aligned(node.attrs) }, draw(node.attrs)] as DOMOutputSpec;
    },
    ...more,
  });
}

/** A style attribute of the properties that are set. */
export function styled(properties: Record<string, string | null | undefined | false>): string {
  return Object.entries(properties)
    .filter(([, value]) => value)
    .map(([name, value]) => `${name}: ${value as string}`)
    .join("; ");
}

export function pixels(value: unknown): string | null {
  return typeof value === "number" ? `${value}px` : null;
}

export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function aligned(attributes: Attributes): string {
  return styled({ "text-align": text(attributes.align) });
}
