// What of a page is out of place: wider than the screen, unlabelled, too faint, too small to hit.
() => {
  const faults = [];
  const wide = document.documentElement.clientWidth;
  const isShown = (e) =>
    e.checkVisibility({ visibilityProperty: true }) &&
    !e.closest(".hidden, .skip") &&
    e.getBoundingClientRect().width > 1;
  const said = (e) =>
    `${e.nodeName.toLowerCase()}.${e.className} ${(e.textContent || e.name || "").trim().slice(0, 40)}`;
  const scrolls = (e) => {
    for (; e; e = e.parentElement)
      if (/auto|scroll|hidden/.test(getComputedStyle(e).overflowX)) return true;
    return false;
  };
  const colour = (text) => text.match(/[\d.]+/g).map(Number);
  const luminance = (c) => {
    const [r, g, b] = c
      .map((v) => v / 255)
      .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const c = colour(getComputedStyle(e).backgroundColor);
      if (c.length < 4 || c[3] === 1) return c.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const contrast = (e) => {
    const text = luminance(colour(getComputedStyle(e).color).slice(0, 3));
    const [light, dark] = [text, luminance(ground(e))].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  };

  if (document.documentElement.scrollWidth > wide)
    faults.push(`the page is ${document.documentElement.scrollWidth} wide`);
  for (const e of document.querySelectorAll("body *")) {
    if (!isShown(e)) continue;
    const box = e.getBoundingClientRect();
    if (box.right > wide + 1 && !scrolls(e)) faults.push(`beyond the right edge: ${said(e)}`);
    if (e.matches("input, select, textarea") && e.type !== "hidden" && !e.labels?.length)
      faults.push(`no label: ${said(e)}`);
    if (e.name && e.name in HTMLFormElement.prototype) faults.push(`hides form.${e.name}`);
    if (e.matches("button, input:not([type=radio]), select, summary, nav a") && box.height < 24)
      faults.push(`only ${box.height} high: ${said(e)}`);
    if ([...e.childNodes].some((n) => n.nodeType === 3 && n.nodeValue.trim())) {
      const ratio = contrast(e);
      if (ratio < 4.5) faults.push(`contrast ${ratio.toFixed(2)}: ${said(e)}`);
      if (parseFloat(getComputedStyle(e).fontSize) < 12) faults.push(`small print: ${said(e)}`);
    }
  }
  const levels = [...document.querySelectorAll("h1, h2, h3")].filter(isShown);
  levels
    .map((e) => Number(e.nodeName[1]))
    .forEach((level, at, all) => {
      if (at && level - all[at - 1] > 1) faults.push(`h${all[at - 1]} is followed by h${level}`);
    });
  return [...new Set(faults)];
}
