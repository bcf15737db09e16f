// A pad of 28 x 28 pixels. Ink is kept here; Python hears of it when a stroke has ended.

const SIZE = 28;
const SEND_DELAY_MS = 250; // a digit may need a second stroke
const UNDO_STEPS = 50;
const SOFT_EDGE = 1; // in pixels of the pad, as MNIST's strokes fade out
const TOOLS = { pen: 1.15, eraser: 1.9 }; // radius in pixels of the pad
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

// Streamlit calls the function below again at every rerun, with the same parent element.
const pads = new WeakMap();

export default function ({ parentElement, data, setStateValue }) {
  let pad = pads.get(parentElement);
  if (!pad || !pad.canvas.isConnected) {
    pad?.destroy();
    pad = new Pad(parentElement, data?.pixels);
    pads.set(parentElement, pad);
  }
  // Only the newest function knows the current session; newer ink than Python's stays.
  pad.send = (pixels) => setStateValue("pixels", pixels);
  return () => {
    pad.destroy();
    pads.delete(parentElement);
  };
}

class Pad {
  constructor(root, pixels) {
    this.canvas = root.querySelector("canvas");
    this.hint = root.querySelector(".hint");
    this.cursor = root.querySelector(".cursor");
    this.tools = [...root.querySelectorAll("[data-tool]")];
    this.undoButton = root.querySelector("[data-action=undo]");
    this.clearButton = root.querySelector("[data-action=clear]");
    this.ink = decode(pixels);
    this.past = [];
    this.tool = "pen";
    this.stroke = null; // where the stroke in progress was last
    this.place = [SIZE / 2, SIZE / 2]; // of the keyboard's cursor
    this.listeners = new AbortController();
    this.listen();
    this.draw();
  }

  listen() {
    const on = (target, name, handler) =>
      target.addEventListener(name, handler, { signal: this.listeners.signal });
    on(this.canvas, "pointerdown", (event) => this.pointerDown(event));
    on(this.canvas, "pointermove", (event) => this.pointerMove(event));
    for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) {
      on(this.canvas, name, (event) => event.isPrimary && this.end());
    }
    on(this.canvas, "keydown", (event) => this.keyDown(event));
    on(this.canvas, "keyup", (event) => event.key === " " && this.end());
    on(this.canvas, "blur", () => {
      this.end();
      this.cursor.hidden = true;
    });
    for (const button of this.tools) {
      on(button, "click", () => this.choose(button.dataset.tool));
    }
    on(this.undoButton, "click", () => this.undo());
    on(this.clearButton, "click", () => this.clear());
  }

  destroy() {
    clearTimeout(this.timer);
    this.listeners.abort();
  }

  choose(tool) {
    this.tool = tool;
    for (const button of this.tools) {
      button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
    }
  }

  pointerDown(event) {
    if (!event.isPrimary || event.button > 0 && event.button !== 5) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.cursor.hidden = true;
    // 5 is the other end of a pen.
    this.begin(this.at(event), event.button === 5 ? "eraser" : this.tool);
  }

  pointerMove(event) {
    if (!this.stroke || !event.isPrimary) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const one of events.length ? events : [event]) this.extend(this.at(one));
  }

  keyDown(event) {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") {
      this.undo();
    } else if (event.key === " ") {
      if (!this.stroke) this.begin(this.place, this.tool);
    } else if (event.key in ARROWS) {
      const clip = (value) => Math.min(Math.max(value, 0.5), SIZE - 0.5);
      const [right, down] = ARROWS[event.key];
      this.place = [clip(this.place[0] + right), clip(this.place[1] + down)];
      if (this.stroke) this.extend(this.place);
    } else {
      return;
    }
    this.showCursor();
    event.preventDefault();
    event.stopPropagation();
  }

  showCursor() {
    const percent = (value) => `calc(3px + (100% - 6px) * ${value / SIZE})`;
    this.cursor.style.left = percent(this.place[0]);
    this.cursor.style.top = percent(this.place[1]);
    this.cursor.hidden = false;
  }

  at(event) {
    const box = this.canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) / box.width) * SIZE,
      ((event.clientY - box.top) / box.height) * SIZE,
    ];
  }

  begin(point, tool) {
    clearTimeout(this.timer);
    this.remember();
    this.stroke = point;
    this.strokeTool = tool;
    this.extend(point);
  }

  extend(point) {
    const radius = TOOLS[this.strokeTool];
    for (let row = 0; row < SIZE; row++) {
      for (let column = 0; column < SIZE; column++) {
        const far = distance([column + 0.5, row + 0.5], this.stroke, point);
        const amount = Math.min(Math.max((radius + SOFT_EDGE / 2 - far) / SOFT_EDGE, 0), 1);
        const index = row * SIZE + column;
        this.ink[index] =
          this.strokeTool === "pen"
            ? Math.max(this.ink[index], Math.round(255 * amount))
            : Math.min(this.ink[index], Math.round(255 * (1 - amount)));
      }
    }
    this.stroke = point;
    this.draw();
  }

  end() {
    if (!this.stroke) return;
    this.stroke = null;
    this.later(SEND_DELAY_MS);
  }

  remember() {
    this.past.push(this.ink.slice());
    if (this.past.length > UNDO_STEPS) this.past.shift();
  }

  undo() {
    if (this.stroke || !this.past.length) return;
    this.ink = this.past.pop();
    this.draw();
    this.later(0);
  }

  clear() {
    this.remember();
    this.ink = new Uint8ClampedArray(SIZE * SIZE);
    this.choose("pen");
    this.draw();
    this.later(0);
  }

  later(delay) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(encode(this.ink)), delay);
  }

  draw() {
    const empty = this.ink.every((level) => level === 0);
    const image = new ImageData(SIZE, SIZE);
    this.ink.forEach((level, index) => image.data.set([level, level, level, 255], 4 * index));
    this.canvas.getContext("2d").putImageData(image, 0, 0);
    this.hint.hidden = !empty;
    this.undoButton.disabled = !this.past.length;
    this.clearButton.disabled = empty;
  }
}

function distance(point, from, to) {
  const [x, y] = [to[0] - from[0], to[1] - from[1]];
  const length = x * x + y * y;
  const along = length && ((point[0] - from[0]) * x + (point[1] - from[1]) * y) / length;
  const share = Math.min(Math.max(along, 0), 1);
  return Math.hypot(point[0] - from[0] - share * x, point[1] - from[1] - share * y);
}

function encode(ink) {
  return ink.some((level) => level > 0) ? btoa(String.fromCharCode(...ink)) : "";
}

function decode(pixels) {
  const ink = new Uint8ClampedArray(SIZE * SIZE);
  if (pixels) ink.set([...atob(pixels)].map((letter) => letter.charCodeAt(0)));
  return ink;
}
