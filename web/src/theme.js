// Light or dark: as the system is, or as the reader chose.
import { effect, signal } from "@preact/signals";

const kept = "vaurien-theme";
const order = ["auto", "light", "dark"];

export const theme = signal(order.includes(localStorage.getItem(kept)) ? localStorage.getItem(kept) : "auto");

effect(() => {
  if (theme.value === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
  localStorage.setItem(kept, theme.value);
});

const system = matchMedia("(prefers-color-scheme: dark)");

// dark tells whether the page is dark now.
export const dark = signal(false);
const look = () => (dark.value = theme.value === "auto" ? system.matches : theme.value === "dark");
effect(look);
system.addEventListener("change", look);

// turnTheme goes from light to dark and back.
export function turnTheme() {
  theme.value = dark.peek() ? "light" : "dark";
}
