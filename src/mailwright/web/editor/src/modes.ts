// Three ways to write one body: in the editor, as Markdown, as HTML. Switching converts, and says
// before anything is lost.
import type { Editor } from "@tiptap/core";
import { ask } from "./dialog";
import { documentOf } from "./editor";

export type Mode = "document" | "content" | "html";

const NAMES: Record<Mode, string> = { document: "the editor", content: "Markdown", html: "HTML" };
const TO_HTML = ["The page is yours to edit, tag by tag.", "Going back to blocks loses its layout."];
const FROM_HTML = ["The page’s own layout and styling are lost.", "Text, headings, lists, links and pictures stay."];

interface Converted {
  value: string;
  lost: string[];
}

/** What a switch left behind, to be had again as long as nothing was changed since. */
interface Left {
  mode: Mode;
  value: string;
  made: string;
}

export class Modes {
  private mode: Mode;
  private left: Left | null = null;
  private readonly fields: Record<Mode, HTMLInputElement | HTMLTextAreaElement>;

  constructor(private readonly root: HTMLElement, private readonly editor: Editor) {
    const named = (mode: Mode) => root.querySelector<HTMLInputElement>(`[name="${mode}"]`)!;
    this.fields = { document: named("document"), content: named("content"), html: named("html") };
    this.mode = this.chosen();
    for (const radio of this.radios()) {
      radio.addEventListener("change", () => void this.switchTo(radio.value as Mode));
    }
    // At the start the document is the same body as the Markdown: only the view changes.
    if (root.dataset.editor === "document") this.enter("document");
    else this.enter(this.mode);
  }

  private radios(): HTMLInputElement[] {
    return [...this.root.querySelectorAll<HTMLInputElement>('input[name="editor"]')];
  }

  private chosen(): Mode {
    return (this.radios().find((radio) => radio.checked)?.value ?? "content") as Mode;
  }

  private value(mode: Mode): string {
    return mode === "document" ? documentOf(this.editor) : this.fields[mode].value;
  }

  private put(mode: Mode, value: string): void {
    if (mode === "document") {
      this.editor.commands.setContent(value ? (JSON.parse(value) as object) : "", { errorOnInvalidContent: false });
    }
    this.fields[mode].value = value;
  }

  private enter(mode: Mode): void {
    this.mode = mode;
    for (const radio of this.radios()) radio.checked = radio.value === mode;
    // What is not sent cannot be mistaken for the body, nor make the form too long.
    for (const [name, field] of Object.entries(this.fields)) field.disabled = name !== mode;
    this.agreeToOverwrite();
    this.fields[mode].dispatchEvent(new Event("input", { bubbles: true }));
  }

  // The person was asked; the box that says the same to the server is ticked for them.
  private agreeToOverwrite(): void {
    const box = this.root.querySelector<HTMLInputElement>('input[name="overwrite"]');
    if (box && this.left) box.checked = this.mode !== this.root.dataset.saved;
  }

  private async switchTo(target: Mode): Promise<void> {
    const from = this.mode;
    const value = this.value(from);
    this.enter(from); // until it is agreed
    try {
      if (await this.convert(from, target, value)) {
        this.enter(target);
        if (target === "document") this.editor.commands.focus("start");
        else this.fields[target].focus();
      }
    } catch (problem) {
      const sentence = problem instanceof Error ? problem.message : String(problem);
      await ask("This cannot be switched yet", [sentence], "Close", "Stay");
    }
  }

  private async convert(from: Mode, target: Mode, value: string): Promise<boolean> {
    if (this.left?.mode === target && this.left.made === value) {
      this.put(target, this.left.value);
      this.left = null;
      return true;
    }
    const { value: made, lost } = value.trim() ? await this.converted(from, target, value) : { value: "", lost: [] };
    if (lost.length && !(await this.agreed(target, lost))) return false;
    this.put(target, made);
    this.left = { mode: from, value, made: this.value(target) };
    return true;
  }

  private agreed(target: Mode, lost: string[]): Promise<boolean> {
    return ask(`Switch to ${NAMES[target]}?`, lost, `Switch to ${NAMES[target]}`, `Stay in ${NAMES[this.mode]}`);
  }

  private async converted(from: Mode, target: Mode, value: string): Promise<Converted> {
    if (from !== "html") {
      const made = await this.askServer(from, target, value);
      return target === "html" ? { value: made.value, lost: [...made.lost, ...TO_HTML] } : made;
    }
    const before = this.editor.getJSON();
    this.editor.commands.setContent(value); // parsed in an inert document: nothing in it runs or loads
    const parsed = documentOf(this.editor);
    this.editor.commands.setContent(before);
    if (target === "document" || !parsed) return { value: parsed, lost: FROM_HTML };
    return { value: (await this.askServer("document", target, parsed)).value, lost: FROM_HTML };
  }

  private async askServer(from: Mode, target: Mode, value: string): Promise<Converted> {
    const csrf = this.root.closest("form")?.querySelector<HTMLInputElement>('input[name="csrf"]')?.value ?? "";
    const body = new URLSearchParams({ csrf, editor: from, to: target, [from]: value });
    const answer = await fetch("/campaigns/convert", { method: "POST", body });
    const told = (await answer.json().catch(() => ({}))) as Partial<Converted> & { problem?: string };
    if (!answer.ok || told.value === undefined) throw new Error(told.problem ?? "The server did not answer; try again.");
    return { value: told.value, lost: told.lost ?? [] };
  }
}
