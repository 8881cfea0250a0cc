/** What a picture is said to show, as one text: `product/label`. A label never has a slash; products of flows of before may. */

export function exemplarLabel (product: string, label: string): string {
  return `${product}/${label}`
}

/** A text without a slash is a label of no product. */
export function splitExemplarLabel (text: string): { product: string, label: string } {
  const slash = text.lastIndexOf('/')
  return { product: text.slice(0, Math.max(slash, 0)), label: text.slice(slash + 1) }
}
