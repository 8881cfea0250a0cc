/** The first text at once, then one a second at most, each saying how many were left out before it. */
export function atMostOncePerSecond (tell: (text: string) => void, now: () => number = Date.now): (text: string) => void {
  let last = -Infinity
  let leftOut = 0
  return (text) => {
    if (now() - last < 1000) {
      leftOut += 1
      return
    }
    tell(leftOut === 0 ? text : `${text} (${leftOut} more before)`)
    last = now()
    leftOut = 0
  }
}
