// How long until something ends. A mail says it in words; here it is drawn as a box.
import type { DOMOutputSpec } from "@tiptap/pm/model";
import { block, text } from "./block";

const UNITS: [string, number][] = [["days", 86_400], ["hours", 3_600], ["minutes", 60]];
const SHOWN = new Intl.DateTimeFormat(undefined, { dateStyle: "long", timeStyle: "short" });

function remaining(at: Date): DOMOutputSpec[] {
  let seconds = Math.max(0, Math.floor((at.getTime() - Date.now()) / 1000));
  return UNITS.map(([unit, size]) => {
    const count = Math.floor(seconds / size);
    seconds -= count * size;
    return ["span", ["b", String(count)], unit] as unknown as DOMOutputSpec;
  });
}

export const Countdown = block("countdown", { endsAt: null, label: null }, (attributes) => {
  const at = new Date(text(attributes.endsAt));
  if (Number.isNaN(at.getTime())) return ["div", { class: "mail-countdown" }, "When does it end?"];
  return [
    "div",
    { class: "mail-countdown" },
    ...(attributes.label ? [["strong", text(attributes.label)]] : []),
    ["div", { class: "units" }, ...remaining(at)],
    ["small", `Ends on ${SHOWN.format(at)}`],
  ] as unknown as DOMOutputSpec;
});
