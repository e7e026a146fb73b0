// JavaScript for a page in a browser: what in it is too near in colour to what it stands on.

const COLOURS = `
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const [red, green, blue] = numbers(colour).map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrastOf = (colour, ground) => {
    const [one, other] = [light(colour), light(ground)];
    return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  };
  const isClear = (colour) => colour === "none" || numbers(colour)[3] === 0;
  const groundOf = (element) => {
    for (let one = element; one !== null; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if (!isClear(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };`;

/** Texts with less than 4.5 to 1 (WCAG 2.2, 1.4.3). Disabled buttons are exempt there. */
export const LOW_CONTRAST = `(() => {
  ${COLOURS}
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== "");
    if (!own || element.closest("noscript, [hidden], :disabled") !== null) continue;
    const contrast = contrastOf(getComputedStyle(element).color, groundOf(element));
    if (contrast < 4.5) found.push(element.className + " " + element.textContent + ": " + contrast.toFixed(2));
  }
  return found;
})()`;

/** What is drawn with less than 3 to 1 at its edge (WCAG 2.2, 1.4.11): on the ground, and on what is drawn behind it in the same chart. */
export const LOW_CONTRAST_DRAWN = `(() => {
  ${COLOURS}
  const found = [];
  const look = (name, edge, ground) => {
    const contrast = contrastOf(edge, ground);
    if (contrast < 3) found.push(name + " on " + ground + ": " + contrast.toFixed(2));
  };
  for (const svg of document.querySelectorAll(".chart svg, .strip svg")) {
    const behind = [groundOf(svg)];
    for (const path of svg.querySelectorAll("path:not(.grid, .cursor)")) {
      const { fill, stroke } = getComputedStyle(path);
      const name = svg.closest("section").getAttribute("aria-labelledby") + " " + path.getAttribute("class");
      for (const ground of behind) look(name, isClear(stroke) ? fill : stroke, ground);
      // In a strip nothing is drawn upon another.
      if (!isClear(fill) && svg.closest(".chart") !== null) behind.push(fill);
    }
  }
  for (const key of document.querySelectorAll(".key dt")) {
    const { display, borderTopColor, borderTopWidth, backgroundColor } = getComputedStyle(key, "::before");
    if (display === "none") continue;
    const edge = borderTopWidth === "0px" ? backgroundColor : borderTopColor;
    look("key " + key.textContent, edge, groundOf(key));
  }
  return found;
})()`;
