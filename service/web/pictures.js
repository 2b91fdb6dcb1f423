/** Pictures from elsewhere: dropped, pasted, chosen or photographed. */

import { find } from "./dom.js";

/**
 * Pass every picture that a person gives on.
 * @param {(picture: Blob) => void} onPicture
 */
export function takePictures(onPicture) {
  for (const id of ["file", "photo"]) {
    const input = find(id, HTMLInputElement);
    input.addEventListener("change", () => {
      if (input.files?.[0]) onPicture(input.files[0]);
      input.value = "";
    });
  }
  const view = find("view-recognise", HTMLElement);
  takeDrops(view, find("drop", HTMLElement), onPicture);
  document.addEventListener("paste", (event) => {
    const file = event.clipboardData?.files[0];
    if (file && !view.hidden) onPicture(file);
  });
}

/**
 * Take files that are dropped on an area.
 * @param {HTMLElement} area
 * @param {HTMLElement} shown what is marked while a file hovers
 * @param {(file: File) => void} onFile
 */
export function takeDrops(area, shown, onFile) {
  area.addEventListener("dragover", (event) => {
    event.preventDefault();
    shown.classList.add("hovered");
  });
  area.addEventListener("dragleave", () => shown.classList.remove("hovered"));
  area.addEventListener("drop", (event) => {
    event.preventDefault();
    shown.classList.remove("hovered");
    const file = event.dataTransfer?.files[0];
    if (file) onFile(file);
  });
}
