/**
 * Launch text of GStreamer, read strictly. What comes out is written anew from what was understood, so that what was
 * checked is what GStreamer reads. Its own lexer is generous where ours refuses: a backslash before a quote, for one, lets a
 * value run on into the text after it.
 *
 * Understood: `factory property=value … ! …`, caps between links, pads of named elements (`t.` and `t.src_0`), several chains.
 */
import { GoodpartsError } from '../errors.ts'

export interface LaunchElement {
  factory: string
  /** In order, values unquoted. */
  properties: Array<[property: string, value: string]>
}

type Part = LaunchElement | { caps: string } | { pad: string }

/** Chains of parts that are linked one to the next. */
export type LaunchText = Part[][]

const FACTORY = /^[A-Za-z][A-Za-z0-9_-]*$/
const PROPERTY = /^([A-Za-z][A-Za-z0-9_-]*)=(.*)$/s
const PAD = /^[A-Za-z][A-Za-z0-9_-]*\.[A-Za-z0-9_%]*$/
const CAPS = /^(video|image|audio|application|ANY|multipart)(\/[A-Za-z0-9.+-]+)?(\(memory:[A-Za-z0-9]+\))?\s*([,;]|$)/
const CAPS_CHARACTERS = /^[A-Za-z0-9 /,;:=()[\]{}.+_-]*$/
/** Printable, without what GStreamer gives a meaning inside quotes. */
const VALUE = /^[^"'\\\p{Cc}]*$/u

/** @throws GOODPARTS_PIPELINE_INVALID, which says at what. */
export function parseLaunch (text: string): LaunchText {
  const chains: LaunchText = []
  for (const segment of splitLinks(text)) {
    const parts = readSegment(segment)
    const first = parts.shift()
    if (first === undefined) throw invalid(text.trim() === '' ? 'launch text' : 'something between the links', text.trim() === '' ? 'nothing' : '" ! ! "')
    const chain = chains.at(-1)
    if (chain === undefined) chains.push([first])
    else chain.push(first)
    for (const part of parts) chains.push([part])
  }
  return chains
}

/** Text that GStreamer reads as exactly these parts. */
export function formatLaunch (launch: LaunchText): string {
  return launch.map((chain) => chain.map(formatPart).join(' ! ')).join(' ')
}

/** Element factories in order, each once. */
export function factoriesOf (launch: LaunchText): string[] {
  const names = launch.flat().flatMap((part) => 'factory' in part ? [part.factory] : 'caps' in part ? ['capsfilter'] : [])
  return [...new Set(names)]
}

/** Names given by `name=`. */
export function namesOf (launch: LaunchText): string[] {
  return launch.flat().flatMap((part) => 'factory' in part ? part.properties.filter(([property]) => property === 'name').map(([, value]) => value) : [])
}

function formatPart (part: Part): string {
  if ('caps' in part) return `capsfilter caps="${part.caps}"`
  if ('pad' in part) return part.pad
  return [part.factory, ...part.properties.map(([property, value]) => `${property}="${value}"`)].join(' ')
}

/** At each `!` that stands alone outside quotes. */
function splitLinks (text: string): string[][] {
  const segments: string[][] = [[]]
  const token = /\s*((?:"[^"]*"|'[^']*'|[^\s"'])+|\S)/gy
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const word = match[1] ?? ''
    if (word === '!') segments.push([])
    else segments.at(-1)?.push(word)
  }
  return segments
}

function readSegment (words: string[]): Part[] {
  const parts: Part[] = []
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? ''
    const last = parts.at(-1)
    const assignment = PROPERTY.exec(word)
    if (CAPS.test(word)) {
      parts.push({ caps: readCaps(words.slice(index).join(' ')) })
      break
    } else if (assignment !== null && last !== undefined && 'factory' in last) {
      last.properties.push([assignment[1] ?? '', readValue(assignment[2] ?? '')])
    } else if (PAD.test(word)) {
      parts.push({ pad: word })
    } else if (FACTORY.test(word)) {
      parts.push({ factory: word, properties: [] })
    } else {
      throw invalid('launch text of elements, properties, caps, pads and links', word)
    }
  }
  return parts
}

function readCaps (text: string): string {
  if (!CAPS_CHARACTERS.test(text)) throw invalid('caps without quotes or other special characters', text)
  return text
}

function readValue (text: string): string {
  const quoted = /^"([^"]*)"$|^'([^']*)'$/.exec(text)
  const value = quoted === null ? text : quoted[1] ?? quoted[2] ?? ''
  if (!VALUE.test(value)) throw invalid('a value without quotes, backslashes or line breaks inside', text)
  return value
}

function invalid (expected: string, got: string): GoodpartsError {
  return new GoodpartsError('GOODPARTS_PIPELINE_INVALID', `Expected ${expected}, got ${got.length > 60 ? `${got.slice(0, 57)}...` : got}`, {
    fix: 'native-pipelines/README.md says what custom launch text may hold'
  })
}
