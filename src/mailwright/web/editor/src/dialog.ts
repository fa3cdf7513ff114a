// A question before something is lost.
import { button, element } from "./elements";

export function ask(title: string, points: string[], yes: string, no: string): Promise<boolean> {
  return new Promise((answer) => {
    const dialog = element("dialog", { class: "ask", "aria-labelledby": "ask-title" });
    const close = (agreed: boolean) => {
      dialog.close();
      dialog.remove();
      answer(agreed);
    };
    dialog.append(
      element("h2", { id: "ask-title" }, title),
      element("ul", {}, ...points.map((point) => element("li", {}, point))),
      element("div", { class: "actions" },
        button({ class: "primary" }, () => close(true), yes),
        button({ autofocus: true }, () => close(false), no),
      ),
    );
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      close(false);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
