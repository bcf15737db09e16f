// A code as a grid of buttons. A click flips a bit here at once; Python hears of all flips so far.

const STEPS = { ArrowLeft: -1, ArrowRight: 1 };

// Streamlit calls the function below again at every rerun, with the same parent element.
const boards = new WeakMap();

export default function ({ parentElement, data, setStateValue }) {
  let board = boards.get(parentElement);
  if (!board || !board.root.isConnected) {
    board?.destroy();
    board = new Board(parentElement);
    boards.set(parentElement, board);
  }
  // Only the newest function knows the current session.
  board.send = (flips) => setStateValue("flips", flips);
  board.show(data);
  return () => {
    board.destroy();
    boards.delete(parentElement);
  };
}

class Board {
  constructor(parent) {
    this.root = parent.querySelector(".board");
    this.buttons = [];
    this.at = 0; // where the keyboard is
    this.spot = -1; // the bit that is talked about
    this.mine = new Set();
    this.listeners = new AbortController();
    const signal = this.listeners.signal;
    this.root.addEventListener("click", (event) => this.click(event), { signal });
    this.root.addEventListener("keydown", (event) => this.keyDown(event), { signal });
  }

  destroy() {
    this.listeners.abort();
  }

  show(data) {
    // Flips made here since Python last spoke stay; Python's word counts when it begins anew.
    if (this.data?.version !== data.version) {
      this.mine = new Set(data.mine);
      this.spot = data.spot;
      if (data.spot >= 0) this.at = data.spot;
    }
    this.data = data;
    this.root.setAttribute("aria-label", data.label);
    this.root.style.gridTemplateColumns = `repeat(${data.columns}, 1fr)`;
    this.root.style.setProperty("--code", data.colors.code);
    this.root.style.setProperty("--adversarial", data.colors.adversarial);
    if (this.buttons.length !== data.bits.length) this.build(data.bits.length);
    this.at = Math.min(this.at, data.bits.length - 1);
    this.draw();
  }

  build(count) {
    this.buttons = Array.from({ length: count }, (_, index) => {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.bit = index;
      for (const name of ["heat", "mark"]) {
        const part = document.createElement("span");
        part.className = name;
        button.append(part);
      }
      return button;
    });
    this.root.replaceChildren(...this.buttons);
  }

  draw() {
    const { bits, attacked, heat, notes, group, columns } = this.data;
    this.buttons.forEach((button, index) => {
      const mine = this.mine.has(index);
      const bit = mine ? -bits[index] : bits[index];
      const ends = group > 1 && index % group === group - 1 && (index + 1) % columns !== 0;
      button.className = [
        attacked[index] && "attacked",
        mine && "mine",
        ends && "last",
        index === this.spot && "spot",
      ]
        .filter(Boolean)
        .join(" ");
      button.style.setProperty("--heat", heat ? heat[index] : 0);
      button.lastChild.textContent = (attacked[index] ? "×" : "") + (mine ? "•" : "");
      button.setAttribute("aria-pressed", String(bit > 0));
      const words = [`Bit ${index}`, bit > 0 ? "+1" : "−1"];
      if (attacked[index]) words.push("flipped by the attack");
      if (mine) words.push("flipped by you");
      if (notes[index]) words.push(notes[index]);
      button.setAttribute("aria-label", words.join(", "));
      button.title = words.join(", ");
      button.tabIndex = index === this.at ? 0 : -1;
    });
  }

  click(event) {
    const button = event.target.closest("button");
    if (!button) return;
    const bit = Number(button.dataset.bit);
    if (!this.mine.delete(bit)) this.mine.add(bit);
    this.at = bit;
    this.spot = bit;
    this.draw();
    const flips = [...this.mine].sort((one, other) => one - other);
    this.send({ version: this.data.version, flips, last: bit });
  }

  keyDown(event) {
    const { columns } = this.data;
    const steps = { ...STEPS, ArrowUp: -columns, ArrowDown: columns };
    const last = this.buttons.length - 1;
    let to;
    if (event.key in steps) to = this.at + steps[event.key];
    else if (event.key === "Home") to = 0;
    else if (event.key === "End") to = last;
    else return;
    event.preventDefault();
    event.stopPropagation();
    if (to < 0 || to > last) return;
    this.at = to;
    this.buttons.forEach((button, index) => (button.tabIndex = index === to ? 0 : -1));
    this.buttons[to].focus();
  }
}
