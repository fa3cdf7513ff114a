// Puts the editor into the campaign form. Without this script the form has its Markdown field.
import type { JSONContent } from "@tiptap/core";
import { createEditor, documentOf, isComplete } from "./editor";
import { element } from "./elements";
import { Modes } from "./modes";
import { Panel } from "./panel";
import { toolbar } from "./toolbar";

function start(root: HTMLElement): void {
  const field = root.querySelector<HTMLInputElement>('input[name="document"]');
  const place = root.querySelector<HTMLElement>("[data-rich]");
  if (!field || !place) return;
  const page = element("div", { class: "page-edge" });
  const editor = createEditor(page, parsed(field.value), "Body");
  const panel = new Panel(editor);
  place.replaceChildren(element("div", { class: "bars" }, toolbar(editor, panel), panel.root), page);
  editor.on("update", () => {
    field.value = documentOf(editor);
    if (isComplete(editor)) field.dispatchEvent(new Event("input", { bubbles: true }));
  });
  page.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    panel.askForLink();
  });
  page.addEventListener("click", (event) => {
    if (event.target === page) editor.commands.focus("end");
  });
  for (const hidden of root.querySelectorAll<HTMLElement>("[data-needs-script]")) hidden.hidden = false;
  new Modes(root, editor);
}

function parsed(value: string): JSONContent | null {
  try {
    return value ? (JSON.parse(value) as JSONContent) : null;
  } catch {
    return null;
  }
}

for (const root of document.querySelectorAll<HTMLElement>("[data-editor]")) start(root);
