/**
 * A short-lived process that tells which element factories exist here: `element-probe NAME…` prints `{ [name]: null | reason }`.
 * A process of its own, because a plugin that crashes while it is loaded takes its process with it.
 */
import { loadGstreamer } from './gstreamer.ts'

const found: Record<string, string | null> = {}
const open = await loadGstreamer()
for (const name of process.argv.slice(2)) {
  try {
    open(`${name} name=probed videotestsrc ! appsink name=sink`)
    found[name] = null
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    found[name] = /no element/i.test(text) ? text : null
  }
}
// The binding's parked threads never end by themselves.
process.stdout.write(JSON.stringify(found), () => { process.exit(0) })
