/** The drawing area: strokes of a pointer or of the keyboard, smooth, undone one by one. */

import { context } from "./dom.js";

/** @typedef {{x: number, y: number, pressure: number}} Point in pixels of the canvas; pressure 0..1 */
/** @typedef {{points: Point[], thickness: number}} Stroke */

const PAPER = "#ffffff";
const INK = "#111111";
const STEP = 14; // canvas pixels of an arrow key
const DOT = 40; // canvas pixels; strokes that stay within it of their start are dots
const EVEN = 0.5; // pressure of what has none

export class Pad {
  /** @type {Stroke[]} */
  #strokes = [];
  /** @type {Stroke | null} */
  #current = null;
  /** @type {number | null} the pointer that draws; others, such as the ball of the thumb, draw nothing */
  #pointer = null;
  /** @type {ImageBitmap | null} */
  #picture = null;
  #pen = { x: 280, y: 120 };
  /** @type {CanvasRenderingContext2D} */
  #ink;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {() => void} onChange told after every change of the drawing
   */
  constructor(canvas, onChange) {
    this.canvas = canvas;
    this.onChange = onChange;
    this.thickness = 40;
    this.#ink = context(canvas);
    canvas.addEventListener("pointerdown", (event) => this.#lower(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    for (const name of /** @type {const} */ (["pointerup", "pointercancel"])) {
      canvas.addEventListener(name, (event) => {
        if (event.pointerId === this.#pointer) this.#lift();
      });
    }
    canvas.addEventListener("keydown", (event) => this.#press(event));
    this.#draw();
  }

  /** Whether there is no ink. */
  get isEmpty() {
    return !this.#strokes.length && !this.#current && !this.#picture;
  }

  /** Whether there is more than a dot, which is no digit yet. */
  get isReadable() {
    const strokes = this.#current ? [...this.#strokes, this.#current] : this.#strokes;
    return strokes.some(({ points }) => points.some((point) => distance(point, points[0]) > DOT));
  }

  /** Take the last stroke back. */
  undo() {
    this.#picture = null;
    this.#strokes.pop();
    this.#changed();
  }

  /** Take all strokes back. */
  clear() {
    this.#strokes = [];
    this.#current = this.#picture = this.#pointer = null;
    this.#changed();
  }

  /**
   * Draw strokes in place of all others.
   * @param {number[][][]} strokes points of each, in shares of the area
   */
  use(strokes) {
    this.clear();
    const side = this.canvas.width;
    this.#strokes = strokes.map((points) => ({
      points: points.map(([x, y]) => ({ x: x * side, y: y * side, pressure: EVEN })),
      thickness: this.thickness,
    }));
    this.#changed();
  }

  /**
   * Show a picture that is no drawing, until the next stroke.
   * @param {ImageBitmap} picture
   */
  show(picture) {
    this.#picture = picture;
    this.#draw();
  }

  /**
   * Return the drawing as a PNG, dark on white.
   * @returns {Promise<Blob>}
   */
  toBlob() {
    return new Promise((resolve, reject) => {
      this.canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("No PNG."))));
    });
  }

  /** @param {PointerEvent} event */
  #lower(event) {
    if (event.button !== 0 || this.#pointer !== null) return;
    event.preventDefault();
    if (this.#current) this.#lift(); // that of the keyboard
    this.canvas.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    this.#pointer = event.pointerId;
    this.#begin(this.#place(event));
    this.#changed();
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (!this.#current || event.pointerId !== this.#pointer) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const one of events.length ? events : [event]) this.#current.points.push(this.#place(one));
    this.#changed();
  }

  /** @param {Point} point the first of a stroke */
  #begin(point) {
    this.#picture = null;
    this.#current = { points: [point], thickness: this.thickness };
  }

  #lift() {
    this.#pointer = null;
    if (!this.#current) return;
    this.#strokes.push(this.#current);
    this.#current = null;
    this.#changed();
  }

  /**
   * Draw by keyboard: arrows move the pen, space lowers and lifts it.
   * @param {KeyboardEvent} event
   */
  #press(event) {
    /** @type {Record<string, [number, number]>} */
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const move = moves[event.key];
    if (event.key === " ") {
      if (this.#current) this.#lift();
      else this.#begin({ ...this.#pen, pressure: EVEN });
    } else if (move) {
      const side = this.canvas.width;
      this.#pen.x = Math.min(side, Math.max(0, this.#pen.x + move[0] * STEP));
      this.#pen.y = Math.min(side, Math.max(0, this.#pen.y + move[1] * STEP));
      this.#current?.points.push({ ...this.#pen, pressure: EVEN });
    } else return;
    event.preventDefault();
    this.#changed();
  }

  /**
   * @param {PointerEvent} event
   * @returns {Point}
   */
  #place(event) {
    const box = this.canvas.getBoundingClientRect();
    const scale = this.canvas.width / box.width;
    const pressure = event.pointerType === "pen" ? event.pressure : EVEN;
    return { x: (event.clientX - box.left) * scale, y: (event.clientY - box.top) * scale, pressure };
  }

  #changed() {
    this.#draw();
    this.onChange();
  }

  #draw() {
    const { width, height } = this.canvas;
    this.#ink.fillStyle = PAPER;
    this.#ink.fillRect(0, 0, width, height);
    if (this.#picture) this.#paint(this.#picture);
    for (const stroke of this.#strokes) this.#trace(stroke);
    if (this.#current) this.#trace(this.#current);
  }

  /** @param {ImageBitmap} picture shown whole */
  #paint(picture) {
    const side = this.canvas.width;
    const scale = side / Math.max(picture.width, picture.height);
    const [width, height] = [picture.width * scale, picture.height * scale];
    this.#ink.drawImage(picture, (side - width) / 2, (side - height) / 2, width, height);
  }

  /**
   * Draw a stroke through the middles of its points, which makes it smooth.
   * @param {Stroke} stroke
   */
  #trace({ points, thickness }) {
    const ink = this.#ink;
    ink.strokeStyle = INK;
    ink.lineCap = ink.lineJoin = "round";
    let from = points[0];
    for (let at = 0; at < points.length; at += 1) {
      const point = points[at];
      const next = points[at + 1] ?? point;
      const to = { x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 };
      ink.lineWidth = thickness * (0.5 + point.pressure);
      ink.beginPath();
      ink.moveTo(from.x, from.y);
      ink.quadraticCurveTo(point.x, point.y, to.x, to.y);
      ink.stroke();
      from = { ...to, pressure: point.pressure };
    }
  }
}

/**
 * @param {Point} from
 * @param {Point} to
 */
function distance(from, to) {
  return Math.hypot(from.x - to.x, from.y - to.y);
}
