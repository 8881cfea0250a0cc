/** Spearman's rank correlation of two maps of one size, -1 to 1, ties sharing their mean rank; 0 where one of them is flat. */
export function rankCorrelation (first: Float32Array, second: Float32Array): number {
  const [a, b] = [ranks(first), ranks(second)]
  const middle = (first.length - 1) / 2
  let [both, ofA, ofB] = [0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    const [fromA, fromB] = [(a[i] as number) - middle, (b[i] as number) - middle]
    both += fromA * fromB
    ofA += fromA * fromA
    ofB += fromB * fromB
  }
  return ofA === 0 || ofB === 0 ? 0 : both / Math.sqrt(ofA * ofB)
}

function ranks (values: Float32Array): Float64Array {
  const order = Uint32Array.from(values, (_, index) => index).sort((i, j) => (values[i] as number) - (values[j] as number))
  const ranked = new Float64Array(values.length)
  for (let start = 0; start < order.length;) {
    let end = start + 1
    while (end < order.length && values[order[end] as number] === values[order[start] as number]) end++
    for (let place = start; place < end; place++) ranked[order[place] as number] = (start + end - 1) / 2
    start = end
  }
  return ranked
}
