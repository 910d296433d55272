/** Programs for a page of the site in a browser. They are texts: they run there, and have its types. */

/** Names the texts whose contrast to what is behind them is below 4.5, or 3 if they are large (WCAG 2.1, 1.4.3). */
export const LOW_CONTRAST = `(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const known = new Map();
  const channels = (color) => {
    if (!known.has(color)) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = color;
      canvas.fillRect(0, 0, 1, 1);
      known.set(color, [...canvas.getImageData(0, 0, 1, 1).data].map((each) => each / 255));
    }
    return known.get(color);
  };
  const over = ([r, g, b, a], under) => [r, g, b].map((each, index) => each * a + under[index] * (1 - a));
  const light = (color) => {
    const [r, g, b] = color.map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    if (element === null) return [1, 1, 1];
    const { backgroundColor } = getComputedStyle(element);
    const color = channels(backgroundColor);
    return color[3] === 1 ? color.slice(0, 3) : over(color, behind(element.parentElement));
  };
  const opacity = (element) => element === null ? 1 : Number(getComputedStyle(element).opacity) * opacity(element.parentElement);
  for (const each of document.querySelectorAll('details')) each.open = true;
  for (const each of document.querySelectorAll('pre > button')) each.style.cssText = 'opacity: 1; transition: none';
  const hasText = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '');
  const texts = [...document.querySelectorAll('body *')].filter((each) =>
    !each.closest('svg, script, option') && hasText(each) && each.checkVisibility({ visibilityProperty: true }));
  const low = [];
  for (const each of texts) {
    const style = getComputedStyle(each);
    const background = behind(each);
    const [r, g, b, a] = channels(style.color);
    const [least, most] = [light(over([r, g, b, a * opacity(each)], background)), light(background)].sort((x, y) => x - y);
    const contrast = (most + 0.05) / (least + 0.05);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (contrast < (isLarge ? 3 : 4.5)) {
      low.push(each.tagName + '.' + each.className + ' "' + each.textContent.trim().slice(0, 20) + '": ' + contrast.toFixed(2));
    }
  }
  if (texts.length < 20) low.push('only ' + texts.length + ' texts');
  return { low: [...new Set(low)], texts: texts.length };
})()`;

/** What has the focus: a selector for it, and whether it can be seen to have it. */
export const FOCUSED = `(() => {
  const element = document.activeElement;
  const { outlineStyle, outlineWidth } = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  const kinds = ['.skip', '#tsd-toolbar-links a', '#tsd-search-trigger', '#main-content .tsd-typography a', 'pre > button',
    '#tsd-theme', '.tsd-page-navigation a', '#tsd-nav-container a'];
  return {
    kind: kinds.find((kind) => element.matches(kind)) ?? element.tagName,
    outlined: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2,
    inView: box.width > 0 && box.bottom > 0 && box.top < innerHeight && Number(getComputedStyle(element).opacity) === 1,
  };
})()`;
