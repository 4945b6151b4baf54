// Zooms and moves the drawing of a trace, and leads from item to item by the arrow keys. Without it the drawing scrolls.
(() => {
  "use strict";
  const place = document.getElementById("graph");
  if (!place) return;
  const view = place.querySelector(".graph-view");
  const drawing = view.querySelector("svg");
  const { width, height } = drawing.viewBox.baseVal;
  const nodes = [...drawing.querySelectorAll(".node")];
  const LEAST = 0.2, MOST = 3, STEP = 1.25, DRAG = 4;
  let scale = 1;
  place.querySelector(".graph-tools").hidden = false;

  // What is at this point of the view stays there.
  const zoom = (wanted, x = view.clientWidth / 2, y = view.clientHeight / 2) => {
    const next = Math.min(MOST, Math.max(LEAST, wanted));
    const left = (view.scrollLeft + x) * next / scale - x;
    const top = (view.scrollTop + y) * next / scale - y;
    scale = next;
    drawing.setAttribute("width", width * scale);
    drawing.setAttribute("height", height * scale);
    view.scrollTo(left, top);
  };
  const fit = () => zoom(Math.min(1, view.clientWidth / width, view.clientHeight / height));
  const acts = { in: () => zoom(scale * STEP), out: () => zoom(scale / STEP), fit };

  const middle = (node) => {
    const box = node.getBoundingClientRect();
    return { x: box.left + box.width / 2, y: box.top + box.height / 2 };
  };
  const centre = (node) => {
    const at = middle(node), box = view.getBoundingClientRect();
    view.scrollBy(at.x - box.left - view.clientWidth / 2, at.y - box.top - view.clientHeight / 2);
  };

  // One stop of the tab key: the arrow keys reach the others.
  let current = null;
  const choose = (node) => {
    if (current) current.setAttribute("tabindex", "-1");
    current = node;
    node.setAttribute("tabindex", "0");
  };
  for (const node of nodes) node.setAttribute("tabindex", "-1");
  const root = drawing.querySelector(".node.root") || nodes[0];
  choose(root);
  centre(root);

  const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  // The nearest item in that direction; what is aside counts as farther.
  const nearest = (from, [right, down]) => {
    const start = middle(from);
    let found = null, least = Infinity;
    for (const node of nodes) {
      const at = middle(node);
      const along = (at.x - start.x) * right + (at.y - start.y) * down;
      const aside = Math.abs((at.x - start.x) * down) + Math.abs((at.y - start.y) * right);
      if (node === from || along < 1 || (down && aside > 1)) continue;
      if (along + 2 * aside < least) [found, least] = [node, along + 2 * aside];
    }
    return found;
  };

  view.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const node = event.target.closest(".node");
    if (event.key === "+" || event.key === "=") acts.in();
    else if (event.key === "-") acts.out();
    else if (event.key === "0") fit();
    else if (node && event.key === "Escape") view.focus();
    else if (node && ways[event.key]) {
      const other = nearest(node, ways[event.key]);
      if (other) { choose(other); other.focus({ preventScroll: true }); centre(other); }
    } else return;
    event.preventDefault();
  });
  view.addEventListener("focusin", (event) => {
    const node = event.target.closest(".node");
    if (node) choose(node);
  });
  place.addEventListener("click", (event) => {
    const button = event.target.closest("[data-zoom]");
    if (button) acts[button.dataset.zoom]();
  });
  view.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    const box = view.getBoundingClientRect();
    zoom(scale * (event.deltaY < 0 ? STEP : 1 / STEP), event.clientX - box.left, event.clientY - box.top);
  }, { passive: false });

  // A finger scrolls by itself.
  let drag = null, moved = false;
  view.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" || event.button !== 0) return;
    drag = { x: event.clientX, y: event.clientY, left: view.scrollLeft, top: view.scrollTop };
    moved = false;
  });
  addEventListener("pointermove", (event) => {
    if (!drag) return;
    const [x, y] = [event.clientX - drag.x, event.clientY - drag.y];
    if (!moved && Math.hypot(x, y) < DRAG) return;
    moved = true;
    view.classList.add("moving");
    view.scrollTo(drag.left - x, drag.top - y);
  });
  addEventListener("pointerup", () => { drag = null; view.classList.remove("moving"); });
  view.addEventListener("dragstart", (event) => event.preventDefault());
  view.addEventListener("click", (event) => {
    if (moved) { event.preventDefault(); moved = false; }
  }, true);
})();
