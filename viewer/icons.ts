/** Line icons, 24 x 24, in the colour of the text. */
const paths = {
  good: '<path d="m5 12.500 4.500 4.500L19 7"/>',
  review: '<path d="M12 4v10M12 19v.5"/>',
  reject: '<path d="m6 6 12 12M18 6 6 18"/>',
  'not-inspected': '<path d="M5 12h14"/>',
  waiting: '<circle cx="12" cy="12" r="8"/><path d="M12 8v4l3 2"/>',
  warning: '<path d="M12 4 2.500 20h19zM12 10v4M12 17v.5"/>',
  camera: '<path d="M4 8h3l2-3h6l2 3h3v11H4z"/><circle cx="12" cy="13" r="3.500"/>',
  theme: '<circle cx="12" cy="12" r="8"/><path d="M12 4a8 8 0 0 1 0 16z" fill="currentColor"/>',
  previous: '<path d="m15 5-7 7 7 7"/>',
  next: '<path d="m9 5 7 7-7 7"/>',
  close: '<path d="m6 6 12 12M18 6 6 18"/>',
  save: '<path d="M12 4v11m-4.500-4.500L12 15l4.500-4.500M5 19h14"/>'
} as const

export type IconName = keyof typeof paths

export function icon (name: IconName): SVGSVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  for (const [key, value] of Object.entries({ viewBox: '0 0 24 24', fill: 'none', stroke: 'currentColor', 'stroke-width': '2.25', 'stroke-linecap': 'round', 'stroke-linejoin': 'round', 'aria-hidden': 'true', class: 'icon' })) svg.setAttribute(key, value)
  svg.innerHTML = paths[name]
  return svg
}
