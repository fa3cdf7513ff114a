// The toolbar: what it offers is the tables below. Arrow keys move along it.
import type { Editor } from "@tiptap/core";
import { insertBlock, INSERTS } from "./blocks";
import type { Alignment } from "./block_style";
import { button, element } from "./elements";
import { icon, type IconName } from "./icons";
import { TAGS } from "./merge_tags";
import type { Panel } from "./panel";

interface Command {
  icon: IconName;
  label: string;
  run: (editor: Editor, panel: Panel) => void;
  isOn?: (editor: Editor) => boolean;
  can?: (editor: Editor) => boolean;
}

const HISTORY: Command[] = [
  { icon: "undo", label: "Undo (Ctrl+Z)", run: (e) => e.chain().focus().undo().run(), can: (e) => e.can().undo() },
  { icon: "redo", label: "Redo (Ctrl+Shift+Z)", run: (e) => e.chain().focus().redo().run(), can: (e) => e.can().redo() },
];

const MARKS: Command[] = [
  { icon: "bold", label: "Bold (Ctrl+B)", run: (e) => e.chain().focus().toggleBold().run(), isOn: (e) => e.isActive("bold") },
  { icon: "italic", label: "Italic (Ctrl+I)", run: (e) => e.chain().focus().toggleItalic().run(), isOn: (e) => e.isActive("italic") },
  { icon: "link", label: "Link (Ctrl+K)", run: (_, panel) => panel.askForLink(), isOn: (e) => e.isActive("link") },
];

const BLOCKS: Command[] = [
  { icon: "bulletList", label: "Bullet list", run: (e) => e.chain().focus().toggleBulletList().run(), isOn: (e) => e.isActive("bulletList") },
  { icon: "orderedList", label: "Numbered list", run: (e) => e.chain().focus().toggleOrderedList().run(), isOn: (e) => e.isActive("orderedList") },
  { icon: "blockquote", label: "Quote", run: (e) => e.chain().focus().toggleBlockquote().run(), isOn: (e) => e.isActive("blockquote") },
  { icon: "codeBlock", label: "Code block", run: (e) => e.chain().focus().toggleCodeBlock().run(), isOn: (e) => e.isActive("codeBlock") },
];

const ALIGNMENTS: Command[] = (["left", "center", "right"] as Alignment[]).map((side) => ({
  icon: side,
  label: `Align ${side}`,
  run: (e) => e.chain().focus().alignText(e.isActive({ textAlign: side }) ? null : side).run(),
  isOn: (e) => e.isActive({ textAlign: side }),
}));

const FONTS = ["Arial, sans-serif", "Georgia, serif", "Tahoma, sans-serif", "Trebuchet MS, sans-serif", "Verdana, sans-serif", "Courier New, monospace"];
const SIZES = ["12px", "14px", "16px", "18px", "20px", "24px", "32px", "40px"];
const LEVELS = [1, 2, 3, 4, 5, 6] as const;

type Refresh = () => void;

export function toolbar(editor: Editor, panel: Panel): HTMLElement {
  const refreshers: Refresh[] = [];
  const signs = (commands: Command[]) =>
    group(...commands.map((command) => sign(editor, panel, command, refreshers)));
  const root = element("div", { class: "toolbar", role: "toolbar", "aria-label": "Writing tools" },
    signs(HISTORY),
    group(kinds(editor, refreshers)),
    signs(MARKS),
    group(
      swatch(editor, "ink", "Text colour", "color", "#1d1b19", refreshers),
      swatch(editor, "marker", "Text background", "backgroundColor", "#fff3b0", refreshers),
      styles(editor, "Font", "fontFamily", FONTS.map((font) => [font, font.split(",")[0] ?? font]), refreshers),
      styles(editor, "Size", "fontSize", SIZES.map((size) => [size, size.replace("px", "")]), refreshers),
      sign(editor, panel, { icon: "plain", label: "Clear styling", run: (e) => e.chain().focus().unsetMark("textStyle").unsetBold().unsetItalic().alignText(null).run() }, refreshers),
    ),
    signs(BLOCKS),
    signs(ALIGNMENTS),
    group(
      menu(editor, "plus", "Insert", INSERTS.map(([label, content]) => [label, () => {
        if (insertBlock(editor, content())) panel.focus();
      }])),
      menu(editor, "tag", "Merge tag", TAGS.map(([label, insert]) => [label, () => insert(editor)])),
    ),
  );
  root.addEventListener("keydown", (event) => walk(root, event));
  const refresh = () => refreshers.forEach((one) => one());
  editor.on("transaction", refresh);
  refresh();
  return root;
}

function group(...controls: HTMLElement[]): HTMLElement {
  return element("div", { class: "tools" }, ...controls);
}

function sign(editor: Editor, panel: Panel, command: Command, refreshers: Refresh[]): HTMLElement {
  const label = command.label.replace(/ \(.*/, "");
  const attributes = { title: command.label, "aria-label": label, "aria-pressed": command.isOn ? "false" : null };
  const act = () => {
    editor.view.focus(); // at once: TipTap's own focus() waits a frame, in which typed letters are lost
    command.run(editor, panel);
  };
  const made = button(attributes, act, icon(command.icon));
  made.addEventListener("mousedown", (event) => event.preventDefault()); // the text keeps its selection
  refreshers.push(() => {
    if (command.isOn) made.setAttribute("aria-pressed", String(command.isOn(editor)));
    if (command.can) made.disabled = !command.can(editor);
  });
  return made;
}

function kinds(editor: Editor, refreshers: Refresh[]): HTMLElement {
  const levels = LEVELS.map((level) => element("option", { value: String(level) }, `Heading ${level}`));
  const made = element("select", { "aria-label": "Kind of text", title: "Kind of text" }, element("option", { value: "" }, "Text"), ...levels);
  made.addEventListener("change", () => {
    const level = LEVELS.find((known) => String(known) === made.value);
    editor.view.focus();
    const chain = editor.chain().focus();
    (level ? chain.setHeading({ level }) : chain.setParagraph()).run();
  });
  refreshers.push(() => {
    const level = LEVELS.find((known) => editor.isActive("heading", { level: known }));
    made.value = level ? String(level) : "";
  });
  return made;
}

function styles(
  editor: Editor, label: string, property: "fontFamily" | "fontSize", known: [string, string][], refreshers: Refresh[],
): HTMLElement {
  const options = [["", label] as [string, string], ...known];
  const made = element("select", { "aria-label": label, title: label, class: property }, ...options.map(([value, text]) => element("option", { value }, text)));
  made.addEventListener("change", () => {
    editor.view.focus();
    editor.chain().styleText(property, made.value || null).run();
  });
  refreshers.push(() => {
    const held = String(editor.getAttributes("textStyle")[property] ?? "");
    if (held && ![...made.options].some((option) => option.value === held)) made.append(element("option", { value: held }, held.replace("px", "")));
    made.value = held;
  });
  return made;
}

function swatch(
  editor: Editor, name: IconName, label: string, property: "color" | "backgroundColor", start: string, refreshers: Refresh[],
): HTMLElement {
  const input = element("input", { type: "color", value: start, "aria-label": label });
  const made = element("label", { class: "swatch", title: label }, icon(name), input);
  // While its picker is open the field keeps the focus.
  input.addEventListener("input", () => editor.chain().styleText(property, input.value).run());
  refreshers.push(() => {
    const held = editor.getAttributes("textStyle")[property] as string | null | undefined;
    made.style.setProperty("--chosen", held ?? "transparent");
  });
  return made;
}

function menu(editor: Editor, name: IconName, label: string, items: [string, () => void][]): HTMLElement {
  const made = element("details", { class: "menu" });
  const list = element("div", { role: "group", "aria-label": label });
  for (const [text, act] of items) {
    list.append(button({}, () => { made.open = false; editor.view.focus(); act(); }, text));
  }
  made.append(element("summary", { title: label }, icon(name), element("span", {}, label)), list);
  const close = (event: Event) => { if (!made.contains(event.target as Node)) made.open = false; };
  document.addEventListener("pointerdown", close);
  made.addEventListener("focusout", (event) => {
    if (event.relatedTarget instanceof Node && !made.contains(event.relatedTarget)) made.open = false;
  });
  made.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !made.open) return;
    made.open = false;
    made.querySelector("summary")?.focus();
  });
  return made;
}

// Left and right go from button to button (WAI-ARIA: the toolbar pattern); selects keep their keys.
function walk(root: HTMLElement, event: KeyboardEvent): void {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!step || event.target instanceof HTMLSelectElement || event.target instanceof HTMLInputElement) return;
  const stops = [...root.querySelectorAll<HTMLElement>("button, select, summary, input")].filter(
    (stop) => stop.offsetParent !== null && !stop.hasAttribute("disabled"),
  );
  const next = stops[stops.indexOf(event.target as HTMLElement) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}
