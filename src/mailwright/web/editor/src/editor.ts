// The TipTap editor with exactly the nodes and marks that mail/document.py knows.
import { Editor, type JSONContent, Node } from "@tiptap/core";
import { StarterKit } from "@tiptap/starter-kit";
import { ListItem } from "@tiptap/extension-list";
import { isAllowed } from "./addresses";
import { BlockStyle } from "./block_style";
import { TextStyle } from "./marks/text_style";
import { MergeTags } from "./merge_tags";
import { Button } from "./nodes/button";
import { Column, Columns } from "./nodes/columns";
import { Countdown } from "./nodes/countdown";
import { Image } from "./nodes/image";
import { SocialLinks } from "./nodes/social_links";
import { Spacer } from "./nodes/spacer";

// Only plain blocks stand in lists and quotes, only these two kinds in columns: hence three groups.
const Root = Node.create({ name: "doc", topNode: true, content: "(block | rich | layout)+" });

/** What must be set before a block means anything in a mail. */
const NEEDED: Record<string, string> = { button: "href", image: "src", countdown: "endsAt", socialLinks: "links" };

export function createEditor(place: HTMLElement, content: JSONContent | null, label: string): Editor {
  return new Editor({
    element: place,
    injectCSS: false, // the content security policy allows no style elements
    content,
    editorProps: { attributes: { role: "textbox", "aria-multiline": "true", "aria-label": label, class: "paper-text" } },
    extensions: [
      Root,
      StarterKit.configure({
        document: false,
        listItem: false,
        strike: false,
        underline: false,
        code: false,
        dropcursor: { class: "drop-cursor", color: false },
        link: {
          openOnClick: false,
          defaultProtocol: "https",
          isAllowedUri: (address) => isAllowed(address ?? ""),
          HTMLAttributes: { target: null, rel: null, class: null },
        },
      }),
      ListItem.extend({ content: "block+" }),
      TextStyle, BlockStyle, MergeTags,
      Button, Image, Columns, Column, SocialLinks, Countdown, Spacer,
    ],
  });
}

/** The document as the form sends it: "" when there is nothing in it. */
export function documentOf(editor: Editor): string {
  if (editor.isEmpty) return "";
  const document = editor.getJSON();
  const blocks = document.content ?? [];
  // The empty line that is always there to write on is not part of the mail.
  while (blocks.length > 1 && isBlank(blocks.at(-1))) blocks.pop();
  return JSON.stringify({ ...document, content: blocks });
}

/** Whether every block has what it needs; a preview of half a button would only complain. */
export function isComplete(editor: Editor): boolean {
  let complete = true;
  editor.state.doc.descendants((node) => {
    const value: unknown = node.attrs[NEEDED[node.type.name] ?? ""];
    if (node.type.name in NEEDED && !isFilled(value)) complete = false;
  });
  return complete;
}

function isFilled(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0 && value.every((link: { href?: string }) => isAllowed(link.href ?? ""));
  return typeof value === "string" && value !== "";
}

function isBlank(block: JSONContent | undefined): boolean {
  return block?.type === "paragraph" && !block.content?.length;
}
