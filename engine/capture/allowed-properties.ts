/** Properties that may not be written: those by which an element that is itself allowed would write files, or read something else. */
import { GoodpartsError } from '../errors.ts'

/** Names that the tail and the feed of every pipeline use. */
export const RESERVED_NAMES: readonly string[] = ['sink', 'feed']

/** Of `queue2`, `uridecodebin` and their kind, which then keep what they read in files. */
const writing = new Set(['temp-template', 'temp-location', 'download', 'download-dir', 'download-buffer-size'])

/** Words in the name of a property that decides what is read or written. */
const place = new Set(['location', 'uri', 'url', 'path', 'file', 'filename', 'dir', 'directory', 'folder', 'template', 'download', 'device', 'fd', 'host', 'address', 'port', 'proxy'])

/** GObject takes both. */
const canonical = (property: string): string => property.replaceAll('_', '-').toLowerCase()

/** Of custom launch text. @throws GOODPARTS_PIPELINE_INVALID naming the first that writes files. */
export function checkWrittenProperties (properties: readonly string[]): void {
  const refused = properties.find((property) => writing.has(canonical(property)))
  if (refused === undefined) return
  throw new GoodpartsError('GOODPARTS_PIPELINE_INVALID', `Expected properties that write no files, got ${refused}`, { fix: `Leave ${refused} out` })
}

/** A change from a message while the graph runs. @throws GOODPARTS_FORBIDDEN */
export function checkPropertyChange ({ element, property }: { element: string, property: string }): void {
  if (RESERVED_NAMES.includes(element)) throw new GoodpartsError('GOODPARTS_FORBIDDEN', `Expected an element other than ${RESERVED_NAMES.join(' and ')}, got ${element}`)
  if (canonical(property).split('-').some((word) => place.has(word))) {
    throw new GoodpartsError('GOODPARTS_FORBIDDEN', `Expected a property that does not say what is read or written, got ${property}`, { fix: 'Change it in the form of the capture node' })
  }
}
