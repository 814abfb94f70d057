// Where the keyboard is, among everything it should reach, and whether that can be seen.
(() => {
  const all = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0'], iframe")]
    .filter((el) => el.getClientRects().length > 0 && !el.disabled && el.tabIndex >= 0 && getComputedStyle(el).visibility !== "hidden");
  const at = document.activeElement;
  // The buttons of one group are one stop.
  const stops = all.filter((el) => el.type !== "radio" || el.checked || !all.some((other) => other.name === el.name && other.checked) && all.find((other) => other.name === el.name) === el);
  const style = at ? getComputedStyle(at) : null;
  const visible = at && (at.tagName === "IFRAME" || style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0 || style.boxShadow !== "none");
  const wanted = at?.required && !at.value && { email: "zoe@example.com", tel: "0601020304", number: "1", radio: "", file: "" };
  const fill = wanted ? (at.type === "checkbox" ? "" : wanted[at.type] ?? "Essai") : "";
  const tick = Boolean(at?.required && at.type === "checkbox" && !at.checked);
  return { fill, tick, count: stops.length, index: stops.indexOf(at), visible: Boolean(visible), frame: at?.tagName === "IFRAME",
    // Within a frame that is still on its way, the page itself has the keyboard.
    lost: stops.indexOf(at) < 0 && document.querySelector("iframe") !== null, submits: at?.type === "submit" || at?.tagName === "BUTTON" && Boolean(at.form), text: (at?.textContent || "").trim() };
})()
