/** The whole page: brings what the connection hears to the lines. */
import type { LearningState, LiveRole, PartWord } from '../schemas/learning.ts'
import type { LineState, LiveServerMessage } from '../schemas/live.ts'
import { Connection, type ConnectionState } from './connection.ts'
import { element, translateTree } from './element.ts'
import { Header } from './header.ts'
import { LineView } from './line-view.ts'
import { MemoryDialog } from './memory-dialog.ts'
import { decodeHeader, decodePacket } from './packet.ts'
import { applyTheme, loadPreferences, savePreferences } from './preferences.ts'
import { PartDialog } from './part-dialog.ts'
import { setLanguage, translate } from './texts.ts'
import { TokenDialog } from './token-dialog.ts'

const SCHEMA = 'goodparts.live/1'

export class Page {
  readonly #preferences = loadPreferences()
  readonly #connection: Connection
  readonly #header: Header
  readonly #main = element('main')
  readonly #empty: HTMLElement
  readonly #lost = element('p', { class: 'lost', role: 'status', hidden: true })
  readonly #partDialog: PartDialog
  readonly #memoryDialog: MemoryDialog
  readonly #tokenDialog: TokenDialog
  readonly #lines = new Map<string, LineView>()
  #focused: string | null = null
  #framesPerSecond = 12
  #connected = false
  #role: LiveRole = 'viewer'
  readonly #words = new Map<string, Map<string, PartWord>>()
  readonly #learning = new Map<string, LearningState | null>()

  constructor (body: HTMLElement) {
    setLanguage(this.#preferences.language)
    applyTheme(this.#preferences.theme)
    this.#header = new Header(this.#preferences, {
      onPreferences: (changed) => { this.#apply(changed) },
      onFocus: (line) => { this.#focus(line) }
    })
    this.#connection = new Connection({
      onState: (state) => { this.#stateChanged(state) },
      onMessage: (message) => { this.#heard(message) },
      onPacket: (bytes) => { this.#arrived(bytes) },
      onTokenNeeded: (wrong) => { this.#tokenDialog.open(wrong) }
    })
    const packet = async (sha256: string): Promise<ArrayBuffer | undefined> => this.#connection.packet(sha256)
    this.#partDialog = new PartDialog(this.#preferences.heatmap, {
      packet,
      explanations: async (line, eventId) => this.#connection.explanations(line, eventId),
      explain: async (line, eventId, methods) => this.#connection.explain(line, eventId, methods),
      words: {
        role: () => this.#role,
        word: (line, eventId) => this.#words.get(line)?.get(eventId),
        learning: (line) => this.#learning.get(line) ?? null,
        say: async (line, eventId, label) => this.#connection.say(line, eventId, label),
        withdraw: async (line, eventId) => this.#connection.withdraw(line, eventId)
      }
    })
    this.#memoryDialog = new MemoryDialog({
      role: () => this.#role,
      learning: (line) => this.#learning.get(line) ?? null,
      sheet: async (line) => this.#connection.sheet(line),
      table: async (line) => this.#connection.sheetTable(line),
      archive: async (line) => this.#connection.sheetArchive(line),
      picture: async (line, sha256) => this.#connection.exemplar(line, sha256),
      relabel: async (line, sha256, said) => this.#connection.relabel(line, sha256, said),
      update: async (line, mode) => this.#connection.update(line, mode),
      rollBack: async (line) => this.#connection.rollBack(line)
    })
    this.#tokenDialog = new TokenDialog((token, remember) => { this.#connection.useToken(token, remember) })
    this.#empty = emptyState()
    body.append(this.#header.host, this.#lost, this.#empty, this.#main, this.#partDialog.dialog, this.#memoryDialog.dialog, this.#tokenDialog.dialog)
    document.addEventListener('visibilitychange', () => { this.#watch() })
    window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { this.#apply('theme') })
    this.#connection.open()
  }

  #stateChanged (state: ConnectionState): void {
    this.#connected = state === 'connected'
    this.#header.connection(state)
    document.body.classList.toggle('stale', !this.#connected)
    this.#layOut()
  }

  #heard (message: LiveServerMessage): void {
    switch (message.kind) {
      case 'hello':
        this.#framesPerSecond = message.framesPerSecond
        this.#role = message.role
        document.body.dataset.role = message.role
        for (const line of this.#lines.keys()) if (!message.lines.some((state) => state.line === line)) this.#remove(line)
        message.lines.forEach((state) => { this.#add(state) })
        this.#layOut()
        this.#watch()
        this.#partDialog.refresh()
        break
      case 'line':
        this.#add(message.state)
        this.#layOut()
        this.#watch()
        break
      case 'line-removed': this.#remove(message.line); this.#layOut(); this.#watch(); break
      case 'verdict': this.#lines.get(message.line)?.verdict(message.record); break
      case 'kept': this.#lines.get(message.entry.line)?.kept(message.entry); break
      case 'word': this.#said(message.line, message.eventId, message.word); break
      case 'learning':
        this.#learning.set(message.line, message.learning)
        this.#lines.get(message.line)?.learned(message.learning)
        this.#partDialog.said()
        this.#memoryDialog.learned(message.line)
        break
      case 'notice': this.#lines.get(message.notice.line)?.notice(message.notice); break
      case 'statistics':
        this.#header.viewers(message.viewers)
        message.lines.forEach((statistics) => this.#lines.get(statistics.line)?.statistics(statistics))
        this.#lost.hidden = message.verdictsLost === 0
        this.#lost.textContent = translate('lost', { count: message.verdictsLost })
        this.#partDialog.checkObstacle()
        break
      case 'explained': this.#partDialog.explained(message.line, message.eventId); break
      case 'frame': break
    }
  }

  /** Every picture is answered, also one that cannot be shown, or whose line has just gone: the server sends two ahead at most. */
  #arrived (bytes: ArrayBuffer): void {
    const { line, packet } = decodeHeader(bytes).header
    const view = this.#lines.get(line)
    try {
      if (view !== undefined) {
        view.frame(decodePacket(bytes))
        return
      }
    } catch (error) {
      console.warn(`A picture of ${line} could not be shown`, error)
    }
    this.#shown(line, packet)
  }

  #shown (line: string, packet: number): void {
    this.#connection.send({ schema: SCHEMA, kind: 'shown', line, packet })
  }

  #said (line: string, eventId: string, word: PartWord | null): void {
    const words = this.#words.get(line) ?? new Map<string, PartWord>()
    this.#words.set(line, words)
    if (word === null) words.delete(eventId)
    else words.set(eventId, word)
    this.#partDialog.said()
    this.#lines.get(line)?.said()
  }

  #add (state: LineState): void {
    this.#words.set(state.line, new Map(Object.entries(state.words)))
    this.#learning.set(state.line, state.learning)
    const known = this.#lines.get(state.line)
    if (known !== undefined) {
      known.reset(state)
      return
    }
    const view: LineView = new LineView(state, {
      heatmap: () => this.#preferences.heatmap,
      packet: async (sha256) => this.#connection.packet(sha256),
      open: (entries, index) => { this.#partDialog.open(entries, index) },
      word: (eventId) => this.#words.get(state.line)?.get(eventId),
      memory: () => { this.#memoryDialog.open(state.line) },
      hold: async (eventId) => this.#connection.hold(state.line, eventId),
      shown: (packet) => { this.#shown(state.line, packet) },
      holdRejects: () => this.#preferences.holdRejects,
      focus: () => { this.#focus(this.#focused === null ? state.line : null) }
    })
    this.#lines.set(state.line, view)
    this.#main.append(view.host)
  }

  #remove (line: string): void {
    this.#lines.get(line)?.host.remove()
    for (const known of [this.#lines, this.#words, this.#learning]) known.delete(line)
    if (this.#focused === line) this.#focused = null
  }

  #focus (line: string | null): void {
    this.#focused = line
    this.#layOut()
    this.#watch()
  }

  #layOut (): void {
    const single = this.#focused ?? (this.#lines.size === 1 ? [...this.#lines.keys()][0] : undefined)
    this.#main.className = single === undefined ? 'overview' : 'single'
    for (const [line, view] of this.#lines) view.host.hidden = single !== undefined && line !== single
    this.#empty.hidden = this.#lines.size > 0 || !this.#connected
    this.#header.lines([...this.#lines.keys()], this.#focused)
  }

  /** A hidden page wants no pictures; a page on one line wants that line only. */
  #watch (): void {
    const lines = [...this.#lines].filter(([, view]) => !view.host.hidden).map(([line]) => line)
    const framesPerSecond = document.hidden ? 0 : this.#framesPerSecond
    this.#connection.send({ schema: SCHEMA, kind: 'watch', lines, framesPerSecond })
  }

  #apply (changed: 'language' | 'theme' | 'heatmap'): void {
    savePreferences(this.#preferences)
    if (changed === 'heatmap') {
      for (const view of this.#lines.values()) view.restyle(this.#preferences.heatmap)
      this.#partDialog.restyle(this.#preferences.heatmap)
      return
    }
    setLanguage(this.#preferences.language)
    applyTheme(this.#preferences.theme)
    translateTree(document.body)
    this.#header.render()
    for (const view of this.#lines.values()) view.rebuild()
  }
}

function emptyState (): HTMLElement {
  return element('section', { class: 'empty', hidden: true },
    element('img', { src: './mark.svg', alt: '', width: '56', height: '56' }),
    element('h2', { text: 'emptyTitle' }),
    element('p', { text: 'emptyText' }),
    element('ol', {}, element('li', { text: 'emptyStep1' }), element('li', { text: 'emptyStep2' }), element('li', { text: 'emptyStep3' })))
}
