// The signs on the toolbar, drawn like those of the rest of the dashboard.
const PATHS = {
  undo: "M9 7 4 12l5 5M4 12h10a6 6 0 0 1 6 6v1",
  redo: "m15 7 5 5-5 5M20 12H10a6 6 0 0 0-6 6v1",
  bold: "M7 5h6a3.5 3.5 0 0 1 0 7H7zM7 12h7a3.5 3.5 0 0 1 0 7H7z",
  italic: "M10 5h8M6 19h8M14 5l-4 14",
  link: "M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.700-5.700L12 7M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.700 5.700L12 17",
  bulletList: "M9 6h11M9 12h11M9 18h11M4.500 6h.01M4.500 12h.01M4.500 18h.01",
  orderedList: "M10 6h10M10 12h10M10 18h10M4 5l1.500-1v4M4 16.500c0-1.500 2.500-1.500 2.500 0 0 1-2.500 2-2.500 3h2.500",
  blockquote: "M5 6v12M10 8h9M10 12h9M10 16h6",
  codeBlock: "m8 7-5 5 5 5M16 7l5 5-5 5",
  left: "M4 6h16M4 10h9M4 14h16M4 18h9",
  center: "M4 6h16M8 10h8M4 14h16M8 18h8",
  right: "M4 6h16M11 10h9M4 14h16M11 18h9",
  ink: "M6 17 12 4l6 13M8.300 12h7.400",
  marker: "m14 4 6 6-8.500 8.500H8L5.500 16v-3.500zM4 21h16",
  plain: "M5 5h14M12 5v6M9 19h4M4 4l16 16",
  plus: "M12 5v14M5 12h14",
  tag: "M8 4c-2.500 0-3 1-3 3v2c0 2-1 3-2.500 3 1.500 0 2.500 1 2.500 3v2c0 2 .5 3 3 3M16 4c2.500 0 3 1 3 3v2c0 2 1 3 2.500 3-1.500 0-2.500 1-2.500 3v2c0 2-.5 3-3 3",
  up: "m6 14 6-6 6 6",
  down: "m6 10 6 6 6-6",
  bin: "M4 7h16M9 7V4.500h6V7M6.500 7l1 13h9l1-13",
};

export type IconName = keyof typeof PATHS;

export function icon(name: IconName): SVGElement {
  const space = "http://www.w3.org/2000/svg";
  const made = document.createElementNS(space, "svg");
  const path = document.createElementNS(space, "path");
  const looks = { class: "i", viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", "aria-hidden": "true" };
  const line = { "stroke-width": "1.75", "stroke-linecap": "round", "stroke-linejoin": "round" };
  for (const [key, value] of Object.entries({ ...looks, ...line })) made.setAttribute(key, value);
  path.setAttribute("d", PATHS[name]);
  made.append(path);
  return made;
}
