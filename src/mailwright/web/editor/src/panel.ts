// The properties of the block at hand, or of the link under the cursor, below the toolbar.
import type { Editor } from "@tiptap/core";
import { completed, isAllowed } from "./addresses";
import { blockAtHand, moveBlock, type Place, removeBlock, setAttribute, setWidths } from "./blocks";
import * as controls from "./controls";
import type { Control, Field } from "./controls";
import { button, element } from "./elements";
import { icon } from "./icons";

const ACCENT = "#2451d6"; // the colour of a button that has none: mail/html_style.py

const field = (name: string, label: string, make: Field["make"]): Field => ({ name, label, make });

/** What can be set on each block. */
const PROPERTIES: Record<string, [string, Field[]]> = {
  button: ["Button", [
    field("text", "Text", controls.line),
    field("href", "Link", controls.address),
    field("backgroundColor", "Background", controls.color(ACCENT)),
    field("color", "Text colour", controls.color("#ffffff")),
    field("radius", "Corners", controls.pixels(0, 100, "8")),
    field("align", "Align", controls.alignment),
  ]],
  image: ["Image", [
    field("src", "Address", controls.address),
    field("alt", "Description", controls.line),
    field("href", "Link", controls.address),
    field("width", "Width", controls.pixels(1, 1200, "auto")),
    field("radius", "Corners", controls.pixels(0, 200, "8")),
    field("align", "Align", controls.alignment),
  ]],
  columns: ["Columns", [field("backgroundColor", "Background", controls.color("#ffffff"))]],
  socialLinks: ["Social row", [
    field("links", "Links", controls.socialLinks),
    field("align", "Align", controls.alignment),
  ]],
  countdown: ["Countdown", [
    field("label", "Label", controls.line),
    field("endsAt", "Ends", controls.moment),
  ]],
  spacer: ["Spacer", [field("height", "Height", controls.pixels(1, 400, "24"))]],
  horizontalRule: ["Rule", []],
};

const WIDTHS: Record<string, Record<string, (number | null)[]>> = {
  2: { "": [null, null], "33-67": [33, 67], "67-33": [67, 33] },
  3: { "": [null, null, null], "25-50-25": [25, 50, 25] },
};

export class Panel {
  readonly root = element("div", { class: "panel", role: "group", hidden: true });
  private shown = ""; // what the controls are for; they are only rebuilt when that changes
  private parts: [string, Control][] = [];
  private isAsking = false;

  constructor(private readonly editor: Editor) {
    this.root.addEventListener("keydown", (event) => this.leave(event));
    editor.on("transaction", ({ transaction }) => {
      if (transaction.selectionSet && !transaction.docChanged) this.isAsking = false;
      this.update();
    });
  }

  /** Asks for the address of a link on the selected text. */
  askForLink(): void {
    this.isAsking = true;
    this.update();
    this.root.querySelector("input")?.focus();
  }

  /** Puts the cursor into the first property. */
  focus(): void {
    this.root.querySelector<HTMLElement>("input, select")?.focus();
  }

  private update(): void {
    const place = blockAtHand(this.editor);
    const isLink = this.isAsking || this.editor.isActive("link");
    if (isLink && !(place && place.node.isAtom)) this.showLink();
    else if (place && place.node.type.name in PROPERTIES) this.showBlock(place);
    else this.build("", "", []);
  }

  private showBlock(place: Place): void {
    const name = place.node.type.name;
    const [title, fields] = PROPERTIES[name] ?? ["", []];
    this.build(`${name}:${place.position}:${place.node.childCount}`, title, fields, place);
    for (const [attribute, control] of this.parts) {
      control.show(attribute === "widths" ? widthsOf(place) : place.node.attrs[attribute]);
    }
  }

  private build(key: string, title: string, fields: Field[], place?: Place): void {
    if (key === this.shown) return;
    this.shown = key;
    this.root.hidden = !key;
    this.root.setAttribute("aria-label", title);
    this.parts = fields.map(({ name, label, make }) => [
      name,
      make(label, (value) => place && setAttribute(this.editor, place.position, name, value)),
    ]);
    if (place?.node.type.name === "columns") this.parts.unshift(["widths", this.widths(place)]);
    this.root.replaceChildren(
      element("strong", {}, title),
      ...this.parts.map(([, control]) => control.root),
      ...(place ? [this.moves()] : []),
    );
  }

  private widths(place: Place): Control {
    const known = WIDTHS[place.node.childCount] ?? {};
    const options = Object.keys(known).map((key): [string, string] => [key, key.replaceAll("-", " : ") || "Equal"]);
    return controls.choice(options)("Widths", (value) => {
      const now = blockAtHand(this.editor);
      if (now) setWidths(this.editor, now, known[String(value ?? "")] ?? []);
    });
  }

  private moves(): HTMLElement {
    const act = (what: (place: Place) => void) => () => {
      const place = blockAtHand(this.editor);
      if (place) what(place);
    };
    const sign = (name: "up" | "down" | "bin", label: string, what: (place: Place) => void) =>
      button({ class: "plain", title: label, "aria-label": label }, act(what), icon(name));
    return element("div", { class: "moves" },
      sign("up", "Move up", (place) => moveBlock(this.editor, place, -1)),
      sign("down", "Move down", (place) => moveBlock(this.editor, place, 1)),
      sign("bin", "Remove", (place) => removeBlock(this.editor, place)),
    );
  }

  private showLink(): void {
    const href = String(this.editor.getAttributes("link").href ?? "");
    const key = this.isAsking && !href ? "new link" : "link";
    if (key !== this.shown) this.buildLink(key);
    const input = this.root.querySelector("input");
    if (input && document.activeElement !== input) input.value = href;
  }

  private buildLink(key: string): void {
    const input = element("input", { type: "text", inputmode: "url", placeholder: "https://", spellcheck: "false" });
    const control = element("label", { class: "control text" }, element("span", {}, "Leads to"), input);
    input.addEventListener("change", () => this.setLink(input.value));
    const remove = button({ class: "plain" }, () => this.setLink(""), key === "link" ? "Remove link" : "Never mind");
    this.shown = key;
    this.parts = [];
    this.root.hidden = false;
    this.root.setAttribute("aria-label", "Link");
    this.root.replaceChildren(element("strong", {}, "Link"), control, remove);
  }

  private setLink(typed: string): void {
    const href = completed(typed);
    const chain = this.editor.chain().focus();
    this.isAsking = false;
    this.editor.view.focus();
    if (!href || !isAllowed(href)) chain.extendMarkRange("link").unsetLink().run();
    else if (this.editor.state.selection.empty && !this.editor.isActive("link")) {
      chain.insertContent({ type: "text", text: href, marks: [{ type: "link", attrs: { href } }] }).run();
    } else chain.extendMarkRange("link").setLink({ href }).run();
    this.update();
  }

  // Enter keeps what was typed and goes back to the text instead of sending the form; so does Escape.
  private leave(event: KeyboardEvent): void {
    const isTyped = event.target instanceof HTMLInputElement;
    if (event.key === "Escape" || (event.key === "Enter" && isTyped)) {
      event.preventDefault();
      if (isTyped) event.target.blur();
      this.isAsking = false;
      this.editor.view.focus();
      this.update();
    }
  }
}

function widthsOf(place: Place): string {
  const widths: unknown[] = [];
  place.node.forEach((column) => widths.push(column.attrs.width));
  return widths.every((width) => width === null) ? "" : widths.join("-");
}
