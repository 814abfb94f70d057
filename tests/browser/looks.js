// What is wrong with the page as it is shown now. Evaluated from outside, so it runs where scripts may not.
(() => {
  const wrong = [];
  const shown = (el) => el.getClientRects().length > 0 && getComputedStyle(el).visibility !== "hidden";
  const name = (el) => el.tagName.toLowerCase() + (el.id ? "#" + el.id : "") + (el.className && typeof el.className === "string" ? "." + el.className.trim().replace(/\s+/g, ".") : "");

  // Nothing hangs over the edge.
  const root = document.documentElement;
  if (root.scrollWidth > innerWidth) {
    const over = [...document.querySelectorAll("body *")].filter((el) => el.getBoundingClientRect().right > innerWidth + 1);
    wrong.push("wider than the screen: " + root.scrollWidth + " > " + innerWidth + ", " + over.slice(0, 3).map(name).join(", "));
  }

  // Everything has a name.
  for (const el of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
    if (!shown(el)) continue;
    if (!(el.labels?.length || el.getAttribute("aria-label") || el.getAttribute("aria-labelledby"))) wrong.push("no label: " + name(el));
  }
  for (const el of document.querySelectorAll("button, a[href], summary, iframe")) {
    if (!shown(el)) continue;
    const text = (el.getAttribute("aria-label") || el.textContent || el.title || "").trim() || el.title;
    if (!text) wrong.push("no name: " + name(el));
  }
  if (!document.title.trim()) wrong.push("no title");
  if (!root.lang) wrong.push("no language");

  // Everything can be read.
  const parse = (text) => {
    const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number);
    return { r, g, b, a };
  };
  const over = (top, under) => ({
    r: top.r * top.a + under.r * (1 - top.a), g: top.g * top.a + under.g * (1 - top.a), b: top.b * top.a + under.b * (1 - top.a), a: 1,
  });
  const dark = matchMedia("(prefers-color-scheme: dark)").matches && /dark/.test(getComputedStyle(root).colorScheme) || getComputedStyle(root).colorScheme === "dark";
  const canvas = dark ? { r: 18, g: 18, b: 18, a: 1 } : { r: 255, g: 255, b: 255, a: 1 };
  const ground = (el) => {
    const layers = [];
    for (let at = el; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.a > 0) layers.push(colour);
      if (colour.a === 1) break;
    }
    return layers.reverse().reduce((under, top) => over(top, under), canvas);
  };
  const light = ({ r, g, b }) => {
    const [x, y, z] = [r, g, b].map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const told = new Set();
  while (walker.nextNode()) {
    const el = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !shown(el) || el.closest("[aria-hidden=true], script, style, noscript")) continue;
    const box = el.getBoundingClientRect();
    const style = getComputedStyle(el);
    // What only screen readers read, or nobody: the preheader of a mail.
    if (box.width < 2 || box.height < 2 || Number(style.opacity) === 0 || box.right < 0) continue;
    let hidden = false;
    for (let at = el; at; at = at.parentElement) hidden ||= getComputedStyle(at).opacity === "0";
    if (hidden) continue;
    const back = ground(el);
    const front = over(parse(style.color), back);
    const [one, other] = [light(front), light(back)].sort((a, b) => b - a);
    const ratio = (one + 0.05) / (other + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5) && !told.has(name(el))) {
      told.add(name(el));
      wrong.push("contrast " + ratio.toFixed(2) + ": " + name(el) + " « " + walker.currentNode.data.trim().slice(0, 40) + " » " + style.color + " on " + JSON.stringify(back));
    }
  }
  return wrong;
})()
