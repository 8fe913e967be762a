// The program that is bundled: scores one image of a digit. `node service.js MODEL`.
import { load } from 'forwardpass';

load(process.argv[2]).then((model) => {
  const pixels = Float32Array.from({ length: 64 }, (_, i) => i % 17);
  console.log(JSON.stringify([...model.run(pixels)]));
});
