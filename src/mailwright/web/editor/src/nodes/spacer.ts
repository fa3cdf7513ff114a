// Air between two blocks.
import { block, styled } from "./block";

export const SPACER_HEIGHT_PX = 24; // what a spacer without a height is in the mail

export const Spacer = block("spacer", { height: SPACER_HEIGHT_PX }, (attributes) => {
  const height = typeof attributes.height === "number" ? attributes.height : SPACER_HEIGHT_PX;
  return ["div", { class: "mail-spacer", style: styled({ height: `${height}px` }) }, `${height} px`];
});
