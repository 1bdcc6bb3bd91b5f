// What the npm package nsfwjs itself says about the pictures of `benchmarks.nsfw.pictures`, as JSON for the tests.
//
//   python -m benchmarks.nsfw.pictures /tmp/pictures
//   mkdir /tmp/nsfw && cp benchmarks/nsfw/reference.mjs /tmp/nsfw && cd /tmp/nsfw
//   npm install nsfwjs@4.4.0 @tensorflow/tfjs@4.22.0 pngjs@7.0.0
//   node reference.mjs /tmp/pictures > .../tests/pipeline/engine/nsfw_reference.json
//
// It takes a few minutes: tfjs runs in plain JavaScript here.
import fs from "node:fs";
import path from "node:path";

import * as tf from "@tensorflow/tfjs";
import { load } from "nsfwjs/core";
import { MobileNetV2Model } from "nsfwjs/models/mobilenet_v2";
import { PNG } from "pngjs";

console.info = console.log = console.warn = () => {};
const folder = process.argv[2];
await tf.setBackend("cpu");
const model = await load("MobileNetV2", { modelDefinitions: [MobileNetV2Model] });

const pictures = {};
for (const file of fs.readdirSync(folder).filter((name) => name.endsWith(".png")).sort()) {
  const { width, height, data } = PNG.sync.read(fs.readFileSync(path.join(folder, file)));
  const pixels = new Int32Array(width * height * 3);
  for (let i = 0; i < width * height; i++) pixels.set(data.subarray(4 * i, 4 * i + 3), 3 * i);
  const picture = tf.tensor3d(pixels, [height, width, 3], "int32");
  const found = await model.classify(picture);
  picture.dispose();
  found.sort((a, b) => a.className.localeCompare(b.className));
  pictures[path.basename(file, ".png")] = found.map((each) => Number(each.probability.toFixed(7)));
}
const text = Object.entries(pictures).map(([name, values]) => `  ${JSON.stringify(name)}: ${JSON.stringify(values)}`);
process.stdout.write(
  `{"made with": "nsfwjs 4.4.0, tfjs ${tf.version.tfjs}, cpu", "pictures": {\n${text.join(",\n")}\n}}\n`,
);
