/**
 * User and password in custom launch text. The text lies in the flow file for everybody to read, so it may name them in braces only,
 * `{user}` and `{password}`; they are set on the elements after GStreamer has read the text.
 */
import { GoodpartsError } from '../errors.ts'
import type { PropertyValue } from './host-protocol.ts'
import type { LaunchElement, LaunchText } from './launch-text.ts'
import type { ParameterValue } from './parameters.ts'

const SECRET = /\{(user|password)\}/g
const secretWords = new Set(['pw', 'pwd', 'password', 'passwd', 'passphrase', 'secret', 'token'])
const fix = 'Write {user} and {password} in their place, and give them as user and password, which are kept apart'

/** Takes what holds secrets out of the text, and gives it as properties to set. @throws GOODPARTS_PIPELINE_INVALID, GOODPARTS_PIPELINE_PARAMETER */
export function takeSecrets (launch: LaunchText, secrets: ReadonlyMap<string, ParameterValue>): PropertyValue[] {
  const elements = launch.flat().filter((part): part is LaunchElement => 'factory' in part)
  return elements.flatMap((element, index) => {
    const clear = element.properties.find(([property, value]) => holdsSecret(property, value))
    if (clear !== undefined) throw new GoodpartsError('GOODPARTS_PIPELINE_INVALID', `Expected launch text without passwords, got one in ${clear[0]} of ${element.factory}`, { fix })
    const taken = element.properties.filter(([, value]) => value.search(SECRET) >= 0)
    if (taken.length === 0) return []
    element.properties = element.properties.filter((property) => !taken.includes(property))
    const name = element.properties.find(([property]) => property === 'name')?.[1] ?? `custom-${index}`
    if (!element.properties.some(([property]) => property === 'name')) element.properties.push(['name', name])
    return taken.map(([property, value]) => ({ element: name, property, value: filled(value, secrets) }))
  })
}

function holdsSecret (property: string, value: string): boolean {
  const rest = value.replace(SECRET, '')
  const isSecret = property.toLowerCase().split(/[-_]/).some((word) => secretWords.has(word)) && rest !== ''
  // What is left of `://{user}:{password}@` are the signs between.
  return isSecret || /:\/\/[^/\s]*[^/\s:@][^/\s]*@/.test(rest)
}

function filled (value: string, secrets: ReadonlyMap<string, ParameterValue>): string {
  const inAddress = value.includes('://')
  return value.replace(SECRET, (_, name: string) => {
    const secret = secrets.get(name)
    if (secret === undefined) throw new GoodpartsError('GOODPARTS_PIPELINE_PARAMETER', `Expected the ${name} that the launch text names to be given, got nothing`, { fix: `Fill in ${name} in the form of the capture node` })
    return inAddress ? encodeURIComponent(String(secret)) : String(secret)
  })
}
