import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { folderImages, goodImages, readDataset, testEntries } from '../../engine/evaluation/dataset.ts'
import { encodePng } from '../../engine/frame/image-codec.ts'

let root: string
let picture: Buffer

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'goodparts-dataset-'))
  picture = await encodePng({ data: new Uint8Array(12).fill(90), width: 4, height: 3, channels: 1 })
})

afterAll(() => { rmSync(root, { recursive: true }) })

function folder (name: string, files: readonly string[], csv?: string | Buffer): string {
  const path = join(root, name)
  for (const file of files) {
    mkdirSync(dirname(join(path, file)), { recursive: true })
    writeFileSync(join(path, file), picture)
  }
  if (csv !== undefined) writeFileSync(join(path, 'dataset.csv'), csv)
  return path
}

const header = 'split,path,label,mask,boxes,group,product'
const pictures = ['a.png', 'b.png', 'c, "big".png', 'c_mask.png']

describe('a dataset.csv', () => {
  it('gives entries with absolute paths, masks, boxes, groups and products', async () => {
    const path = folder('csv', pictures, [header,
      'train,a.png,good,,,tile 1,tiles',
      'calibration,b.png,good,,,tile 2,tiles',
      'test,"c, ""big"".png",crack,c_mask.png,1 2 3 4 open;0 0 2.5 1 spurious copper,,'
    ].join('\n'))
    const dataset = await readDataset(path)
    expect(dataset).toMatchObject({ name: 'csv', layout: 'csv', source: join(path, 'dataset.csv') })
    expect(dataset.entries[0]).toEqual({ split: 'train', path: join(path, 'a.png'), label: 'good', isGood: true, mask: null, boxes: [], group: 'tile 1', product: 'tiles' })
    expect(dataset.entries[2]).toEqual({
      split: 'test',
      path: join(path, 'c, "big".png'),
      label: 'crack',
      isGood: false,
      mask: join(path, 'c_mask.png'),
      boxes: [{ x1: 1, y1: 2, x2: 3, y2: 4, type: 'open' }, { x1: 0, y1: 0, x2: 2.5, y2: 1, type: 'spurious copper' }],
      group: null,
      product: null
    })
    expect(testEntries(dataset)).toEqual([dataset.entries[2]])
    const good = goodImages(dataset)
    expect(good.map(({ name, group, calibration }) => ({ name, group, calibration }))).toEqual([
      { name: join(path, 'a.png'), group: 'tile 1', calibration: false }, { name: join(path, 'b.png'), group: 'tile 2', calibration: true }])
    expect(await good[0]!.read()).toMatchObject({ width: 4, height: 3, channels: 1 })
  })

  it('may be named itself, have columns in another order and more of them, a byte-order mark, CRLF and blank lines', async () => {
    const path = folder('csv-windows', pictures, '\uFEFFlabel,remark,path,split\r\ngood,"two\r\nlines",a.png,train\r\n\r\ngood,,b.png,test\r\n')
    const dataset = await readDataset(join(path, 'dataset.csv'))
    expect(dataset.name).toBe('csv-windows')
    expect(dataset.entries.map(({ split, label, group, boxes }) => [split, label, group, boxes])).toEqual([['train', 'good', null, []], ['test', 'good', null, []]])
  })

  it.each([
    ['a missing picture', `${header}\ntrain,a.png,good,,,,\ntest,gone.png,good,,,,`, /Expected path to name a file, got .*gone\.png \(.*dataset\.csv, line 3\)/],
    ['a missing mask', `${header}\ntest,a.png,crack,gone.png,,,`, /Expected mask to name a file, got .*gone\.png \(.*line 2\)/],
    ['a folder for a picture', `${header}\ntrain,.,good,,,,`, /Expected path to name a file.*line 2/],
    ['an unknown split', `${header}\ntrain,a.png,good,,,,\nvalidation,b.png,good,,,,`, /Expected split to be one of train, calibration, test, stream, got "validation" \(.*line 3\)/],
    ['no label', `${header}\ntrain,a.png,,,,,`, /Expected label to be good or a type of defect, got nothing.*line 2/],
    ['no path', `${header}\ntrain,,good,,,,`, /Expected path to name a picture, got nothing.*line 2/],
    ['a box of three numbers', `${header}\ntest,a.png,crack,,1 2 3,,`, /Expected a box to be "x1 y1 x2 y2 type".*got "1 2 3".*line 2/],
    ['an empty box', `${header}\ntest,a.png,crack,,5 5 5 9 open,,`, /with x1 < x2 and y1 < y2, got "5 5 5 9 open"/],
    ['a box beyond its picture', `${header}\ntest,a.png,crack,,0 0 6 3 open,,`, /Expected a box to lie in its picture of 4 x 3 pixels, got "0 0 6 3" \(.*line 2\)/],
    ['a box before its picture', `${header}\ntrain,b.png,good,,,,\ntest,a.png,crack,,-1 -1 0 2 open,,`, /to lie in its picture of 4 x 3 pixels, got "-1 -1 0 2" \(.*line 3\)/],
    ['a box from where its picture ends', `${header}\ntest,a.png,crack,,0 3 1 4 open,,`, /to lie in its picture of 4 x 3 pixels/],
    ['another name for the label', 'split,path,class\ntrain,a.png,good', /Expected the header of .* to name label, got split, path, class/],
    ['a row that is too long', `${header}\ntrain,a.png,good,,,,,,`, /to be a csv file: .*line 2/],
    ['an open quote', `${header}\ntrain,"a.png,good,,,,`, /to be a csv file: .*quote/i],
    ['nothing', '', /to have rows, got none/],
    ['a header alone', header, /to have rows, got none/]
  ])('with %s is refused with its line', async (name, csv, message) => {
    const path = folder(`bad ${name}`, pictures, csv)
    await expect(readDataset(path)).rejects.toMatchObject({ code: 'GOODPARTS_DATASET_INVALID', message: expect.stringMatching(message) as string })
  })

  it('without good training pictures has nothing to learn from', async () => {
    const dataset = await readDataset(folder('no-train', pictures, `${header}\ntrain,a.png,crack,,,,\ncalibration,b.png,good,,,,`))
    expect(() => goodImages(dataset)).toThrow(/Expected .* to have good pictures to train on, got none/)
  })
})

describe('a folder in MVTec layout', () => {
  const files = ['train/good/2.png', 'train/good/10.png', 'train/good/readme.txt', 'test/good/1.png', 'test/hole/1.png', 'test/hole/2.png', 'test/stain/1.png', 'ground_truth/hole/1_mask.png']

  it('gives the same entries, in order of name, with the masks that are there', async () => {
    const path = folder('mvtec', files)
    const { layout, name, entries } = await readDataset(path)
    expect([layout, name]).toEqual(['mvtec', 'mvtec'])
    expect(entries.map((entry) => [entry.split, entry.path.slice(path.length + 1), entry.label, entry.mask?.slice(path.length + 1) ?? null])).toEqual([
      ['train', 'train/good/10.png', 'good', null],
      ['train', 'train/good/2.png', 'good', null],
      ['test', 'test/good/1.png', 'good', null],
      ['test', 'test/hole/1.png', 'hole', 'ground_truth/hole/1_mask.png'],
      ['test', 'test/hole/2.png', 'hole', null],
      ['test', 'test/stain/1.png', 'stain', null]
    ])
  })

  it('gives way to a dataset.csv in the same folder', async () => {
    const path = folder('both', [])
    cpSync(folder('mvtec', files), path, { recursive: true })
    writeFileSync(join(path, 'dataset.csv'), 'split,path,label,group\ntrain,train/good/2.png,good,tile 7\n')
    expect((await readDataset(path)).entries.map(({ group }) => group)).toEqual(['tile 7'])
  })

  it('is refused when there is no train/good, no picture in it, or nothing at all', async () => {
    await expect(readDataset(folder('plain', ['1.png']))).rejects.toThrow(/to hold dataset\.csv or train\/good, got neither/)
    await expect(readDataset(folder('empty', ['train/good/readme.txt']))).rejects.toThrow(/to hold pictures .* got none: 1 file is no picture: readme\.txt/)
    await expect(readDataset(join(root, 'nowhere'))).rejects.toThrow(/to be a data set, got nothing there/)
  })
})

it('a plain folder gives every picture as a good one', async () => {
  const path = folder('good parts', ['b.JPG', 'a.png', 'note.txt'])
  expect((await folderImages(path)).map(({ name, group, calibration }) => [name.slice(path.length + 1), group, calibration])).toEqual([['a.png', null, false], ['b.JPG', null, false]])
  await expect(folderImages(join(root, 'nowhere'))).rejects.toMatchObject({ code: 'GOODPARTS_DATASET_INVALID' })
})
