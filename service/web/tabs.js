/** The tabs: one view at a time, by pointer, arrow keys or the address. */

/**
 * Connect the tabs.
 * @param {(name: string) => void} onOpen told the name of every view that opens, such as `inside`
 */
export function connectTabs(onOpen) {
  const tabs = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[role=tab]")]);
  /** @param {HTMLElement} opened */
  const open = (opened) => {
    for (const tab of tabs) {
      const isOpen = tab === opened;
      tab.setAttribute("aria-selected", String(isOpen));
      tab.tabIndex = isOpen ? 0 : -1;
      const view = document.getElementById(tab.getAttribute("aria-controls") ?? "");
      if (view) view.hidden = !isOpen;
    }
    const name = opened.id.replace("tab-", "");
    history.replaceState(null, "", `#${name}`);
    onOpen(name);
  };
  for (const [at, tab] of tabs.entries()) {
    tab.addEventListener("click", () => open(tab));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: tabs.length - 1 }[event.key];
      if (step === undefined) return;
      const next = tabs[(at + step) % tabs.length];
      next.focus();
      open(next);
    });
  }
  const named = tabs.find((tab) => `#${tab.id.replace("tab-", "")}` === location.hash);
  if (named) open(named);
}
