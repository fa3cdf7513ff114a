// Merge tags are text; the editor only shows where they are.
import { type Editor, Extension } from "@tiptap/core";
import { Plugin } from "@tiptap/pm/state";
import { Decoration, DecorationSet } from "@tiptap/pm/view";

const TAG = /\{\{[^{}\n]*\}\}|\{%[^%\n]*%\}/g;

export const MergeTags = Extension.create({
  name: "mergeTags",
  addProseMirrorPlugins() {
    return [
      new Plugin({
        props: {
          decorations(state) {
            const found: Decoration[] = [];
            state.doc.descendants((node, position) => {
              for (const tag of node.text?.matchAll(TAG) ?? []) {
                const from = position + tag.index;
                found.push(Decoration.inline(from, from + tag[0].length, { class: "merge-tag" }));
              }
            });
            return DecorationSet.create(state.doc, found);
          },
        },
      }),
    ];
  },
});

/** What the merge tag menu offers. */
export const TAGS: [string, (editor: Editor) => void][] = [
  ["First name", (editor) => insertText(editor, '{{ contact.first_name | default: "friend" }}', "friend")],
  ["Last name", (editor) => insertText(editor, "{{ contact.last_name }}")],
  ["Email address", (editor) => insertText(editor, "{{ contact.email }}")],
  ["Subject", (editor) => insertText(editor, "{{ campaign.subject }}")],
  ["Unsubscribe link", (editor) => insertLink(editor, "Unsubscribe", "{{ unsubscribeUrl }}")],
  ["View in browser", (editor) => insertLink(editor, "View in your browser", "{{ viewInBrowserUrl }}")],
];

// `selected`: the part of the tag that is most likely to be typed over.
function insertText(editor: Editor, tag: string, selected?: string): void {
  const start = editor.state.selection.from;
  const chain = editor.chain().focus().insertContent({ type: "text", text: tag });
  const at = selected ? tag.indexOf(selected) : -1;
  if (selected && at >= 0) {
    chain.setTextSelection({ from: start + at, to: start + at + selected.length });
  }
  chain.run();
}

function insertLink(editor: Editor, words: string, href: string): void {
  const link = { type: "text", text: words, marks: [{ type: "link", attrs: { href } }] };
  editor.chain().focus().insertContent([link, { type: "text", text: " " }]).unsetMark("link").run();
}
