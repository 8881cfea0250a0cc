/**
 * A small reader of Python pickles (protocol 2): the opcodes that a PyTorch state dict needs. Nothing is ever called: names of
 * classes come back as `Global`, calls as `Call`, persistent ids through `persistent`.
 */
export class Global {
  readonly name: string

  constructor (name: string) {
    this.name = name
  }
}

export class Call {
  readonly callee: unknown
  readonly parameters: unknown

  constructor (callee: unknown, parameters: unknown) {
    this.callee = callee
    this.parameters = parameters
  }
}

const mark = Symbol('mark')

/** One pickle from `start`: its value and the offset after it. Dictionaries become Maps, tuples and lists arrays. */
export function readPickle (bytes: Buffer, start: number, persistent: (id: unknown) => unknown = (id) => id): { value: unknown, end: number } {
  const stack: unknown[] = []
  const memo = new Map<number, unknown>()
  let at = start
  const take = (count: number): Buffer => {
    at += count
    return bytes.subarray(at - count, at)
  }
  const line = (): string => {
    const stop = bytes.indexOf(10, at)
    const text = bytes.toString('utf8', at, stop)
    at = stop + 1
    return text
  }
  const pop = (): unknown => stack.pop()
  const popToMark = (): unknown[] => {
    const items = stack.splice(stack.lastIndexOf(mark))
    return items.slice(1)
  }
  const top = <T>(kind: abstract new (...parameters: never[]) => T): T => {
    const value = stack.at(-1)
    if (!(value instanceof kind)) throw new Error(`Expected the pickle to extend a ${kind.name}, got something else`)
    return value
  }
  const setItems = (items: unknown[]): void => {
    for (let i = 0; i < items.length; i += 2) top(Map).set(items[i], items[i + 1])
  }

  for (;;) {
    const opcode = String.fromCharCode(bytes.readUInt8(at++))
    switch (opcode) {
      case '\x80': take(1); break
      case '(': stack.push(mark); break
      case ')': case ']': stack.push([]); break
      case '}': stack.push(new Map()); break
      case 'N': stack.push(null); break
      case '\x88': stack.push(true); break
      case '\x89': stack.push(false); break
      case 'K': stack.push(take(1).readUInt8()); break
      case 'M': stack.push(take(2).readUInt16LE()); break
      case 'J': stack.push(take(4).readInt32LE()); break
      case 'G': stack.push(take(8).readDoubleBE()); break
      case '\x8a': stack.push(take(take(1).readUInt8()).toString('hex')); break
      case 'X': stack.push(take(take(4).readUInt32LE()).toString('utf8')); break
      case 'c': stack.push(new Global(`${line()}.${line()}`)); break
      case 't': stack.push(popToMark()); break
      case '\x85': stack.push([pop()]); break
      case '\x86': stack.push(stack.splice(-2)); break
      case '\x87': stack.push(stack.splice(-3)); break
      case 'q': memo.set(take(1).readUInt8(), stack.at(-1)); break
      case 'r': memo.set(take(4).readUInt32LE(), stack.at(-1)); break
      case 'h': stack.push(memo.get(take(1).readUInt8())); break
      case 'j': stack.push(memo.get(take(4).readUInt32LE())); break
      case 'a': { const item = pop(); top(Array).push(item); break }
      case 'e': { const items = popToMark(); top(Array).push(...items); break }
      case 's': setItems(stack.splice(-2)); break
      case 'u': setItems(popToMark()); break
      case 'R': { const parameters = pop(); stack.push(reduce(pop(), parameters)); break }
      case 'b': pop(); break
      case 'Q': stack.push(persistent(pop())); break
      case '.': return { value: pop(), end: at }
      default: throw new Error(`Expected a pickle of plain data, got opcode 0x${opcode.charCodeAt(0).toString(16)} at ${at - 1}`)
    }
  }
}

function reduce (callee: unknown, parameters: unknown): unknown {
  return callee instanceof Global && callee.name === 'collections.OrderedDict' ? new Map() : new Call(callee, parameters)
}
