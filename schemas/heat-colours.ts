/**
 * The colours of heatmaps, one definition for the overlay and for the live page: violet over red to yellow, lightness rising evenly as the eye sees
 * it, so that equal steps of the map look equal and a grey print keeps the order. A path through Oklab (Björn Ottosson, "A perceptual color space for
 * image processing", 2020): lightness 0.36 to 0.92, hue 290° to 465°, chroma 0.22 or the most that a screen can show; its test derives it.
 */
const table =
  '44029c46009d48019d49019e4b029e4c029e4d039e4f009f51019f52029f5402a05503a05700a15801a15a01a15b02a1' +
  '5d02a15f00a26001a26101a26302a26402a16603a16800a26901a26b02a26c02a26e03a26f00a27101a27201a27402a2' +
  '7502a17703a17803a17a00a17c01a17d01a17f02a18002a08203a08400a08501a087019f88029f8a029f8b029e8d039e' +
  '8e039d90009e91019d93019d94029c96029c97039b99039b9a049a9c04999d05999f0598a00698a20697a30797a40796' +
  'a60895a70895a90994aa0993ac0a93ad0b92ae0b91b00c91b10c90b30d8fb40e8eb50e8eb70f8db80f8cba108bbb118b' +
  'bc118abe1289bf1388c01387c21487c31586c41585c61684c71783c81782ca1882cb1981cc1980cd1a7fcf1b7ed01c7d' +
  'd11c7cd21d7bd41e7ad51f79d62078d72077d92176da2275db2374dc2473dd2572de2571e02670e1276fe2286ee3296d' +
  'e42a6be52b6ae62c69e72d68e92e67ea2f66eb3064ec3163ed3262ee3361ef3460f0355ef1365df2375cf3385af43959' +
  'f53a58f63b56f73c55f73e53f83f52f94051fa414ffb424efc434cfd444afe4649fe4747fe4946fe4c46fe4e45fe5044' +
  'fe5344ff5442ff5642ff5841ff5b41fe5d40fe5f40ff603eff623eff643efe663eff673cff693cfe6b3cfe6d3dff6e3b' +
  'fe703bfe723cff733afe753bff7639ff783afe7a3bff7b39fe7d3aff7e39fe803aff8138fe8339ff8438fe8639ff8738' +
  'ff8837ff8a39ff8b38fe8d39ff8e38fe903afe9139ff9238fe933aff9539ff9638fe973afe993aff9a39ff9b39fe9d3b' +
  'ff9e3aff9f3affa039fea23cffa33bffa43bffa53bffa63bfea83dfea93dffaa3dffab3dffad3dffae3dffaf3dffb03d' +
  'ffb13dffb23dffb43dffb53dffb63dffb73dffb83effba3effbb3effbc3effbd3fffbe3ffec040ffc13dffc23dffc33e' +
  'ffc43fffc53cffc63cffc83dffc93affca3bfecb3cffcc39fece3affcf37ffd034ffd135ffd232ffd32fffd52bffd627' +
  'ffd723ffd81effd918ffdb12fedc08fedd0ffede04fde00cfde102fce20afce400fbe509fae611fae80afae901f9ea0b'

/** 256 colours, `(256, 3)` uint8 sRGB, from least to most. */
export const heatColours = Uint8Array.from({ length: table.length / 2 }, (_, i) => Number.parseInt(table.slice(2 * i, 2 * i + 2), 16))

/** Red, green, blue 0 to 255 for `share` 0 (just above the threshold) to 1 (the peak). */
export function heatColour (share: number): [number, number, number] {
  const first = 3 * Math.round(255 * Math.min(1, Math.max(0, share)))
  return [heatColours[first] as number, heatColours[first + 1] as number, heatColours[first + 2] as number]
}
