// The blocks one can insert, and moving, changing and removing the one at hand.
import type { Editor, JSONContent } from "@tiptap/core";
import { closeHistory } from "@tiptap/pm/history";
import type { Node as Block } from "@tiptap/pm/model";
import { NodeSelection, TextSelection, type Transaction } from "@tiptap/pm/state";

export interface Place {
  node: Block;
  position: number;
}

const WEEK_MS = 7 * 24 * 3_600_000;

/** What the insert menu offers: the label, and the block as it begins. */
export const INSERTS: [string, () => JSONContent][] = [
  ["Button", () => ({ type: "button", attrs: { text: "Read more", href: null } })],
  ["Image", () => ({ type: "image" })],
  ["Two columns", () => columns(2)],
  ["Three columns", () => columns(3)],
  ["Social row", () => ({ type: "socialLinks", attrs: { links: [{ network: "instagram", href: "" }] } })],
  ["Countdown", () => ({ type: "countdown", attrs: { endsAt: inAWeek() } })],
  ["Spacer", () => ({ type: "spacer" })],
  ["Rule", () => ({ type: "horizontalRule" })],
];

function columns(count: number): JSONContent {
  const column = () => ({ type: "column", content: [{ type: "paragraph" }] });
  return { type: "columns", content: Array.from({ length: count }, column) };
}

function inAWeek(): string {
  const at = new Date(Date.now() + WEEK_MS);
  at.setMinutes(0, 0, 0);
  return at.toISOString();
}

/**
 * Puts a block after the present one (in place of an empty paragraph) and selects it. True: its
 * properties are what comes next; false: one writes in it, or there was no room.
 */
export function insertBlock(editor: Editor, content: JSONContent): boolean {
  const { state, view } = editor;
  const node = state.schema.nodeFromJSON(content);
  const found = roomFor(state.selection, node);
  if (!found) return false;
  const transaction = closeHistory(state.tr).replaceWith(found.from, found.to, node);
  select(transaction, found.from);
  view.dispatch(transaction.scrollIntoView());
  return node.isAtom && node.type.name !== "horizontalRule";
}

function roomFor(selection: Editor["state"]["selection"], node: Block): { from: number; to: number } | null {
  if (selection instanceof NodeSelection) {
    const { $to } = selection;
    if ($to.parent.canReplaceWith($to.index(), $to.index(), node.type)) return { from: selection.to, to: selection.to };
  }
  const { $from } = selection;
  for (let depth = $from.depth; depth > 0; depth -= 1) {
    const parent = $from.node(depth - 1);
    const after = $from.indexAfter(depth - 1);
    if (!parent.canReplaceWith(after, after, node.type)) continue;
    const isEmpty = depth === $from.depth && $from.parent.type.name === "paragraph" && !$from.parent.content.size;
    return { from: isEmpty ? $from.before(depth) : $from.after(depth), to: $from.after(depth) };
  }
  return $from.depth === 0 ? { from: $from.pos, to: $from.pos } : null;
}

/** The block whose properties one would want to change here, if any. */
export function blockAtHand(editor: Editor): Place | null {
  const { selection } = editor.state;
  if (selection instanceof NodeSelection) return { node: selection.node, position: selection.from };
  const { $from } = selection;
  for (let depth = $from.depth; depth > 0; depth -= 1) {
    if ($from.node(depth).type.name === "columns") return { node: $from.node(depth), position: $from.before(depth) };
  }
  return null;
}

/** Sets one attribute of the block there; the selection stays on it. */
export function setAttribute(editor: Editor, position: number, name: string, value: unknown): void {
  const node = editor.state.doc.nodeAt(position);
  if (!node) return;
  const held = editor.state.selection;
  const transaction = editor.state.tr.setNodeMarkup(position, undefined, { ...node.attrs, [name]: value });
  if (held instanceof NodeSelection) transaction.setSelection(NodeSelection.create(transaction.doc, held.from));
  editor.view.dispatch(transaction);
}

/** Gives each column its width in per cent; null: equal. */
export function setWidths(editor: Editor, place: Place, widths: (number | null)[]): void {
  const { tr } = editor.state;
  place.node.forEach((column, offset, index) => {
    tr.setNodeMarkup(place.position + 1 + offset, undefined, { ...column.attrs, width: widths[index] ?? null });
  });
  editor.view.dispatch(tr);
}

export function removeBlock(editor: Editor, place: Place): void {
  editor.view.dispatch(editor.state.tr.delete(place.position, place.position + place.node.nodeSize));
  editor.commands.focus();
}

/** Swaps the block with the one before or after it. */
export function moveBlock(editor: Editor, place: Place, step: -1 | 1): void {
  const { doc, tr } = editor.state;
  const $at = doc.resolve(place.position);
  const index = $at.index() + step;
  if (index < 0 || index >= $at.parent.childCount) return;
  const size = $at.parent.child(index).nodeSize;
  const target = step < 0 ? place.position - size : place.position + size;
  tr.delete(place.position, place.position + place.node.nodeSize).insert(target, place.node);
  select(tr, target);
  editor.view.dispatch(tr.scrollIntoView());
}

// Whole blocks are selected; in columns the cursor goes into the first.
function select(transaction: Transaction, position: number): void {
  const node = transaction.doc.nodeAt(position);
  const inside = node && !node.isAtom;
  transaction.setSelection(
    inside
      ? TextSelection.near(transaction.doc.resolve(position + 1))
      : NodeSelection.create(transaction.doc, position),
  );
}
