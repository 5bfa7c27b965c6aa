// Speak the cases with a program of Node.js: `node node.mjs PROGRAM VOICE CASES OUT`, copied into the folder of its
// packages.
import fs from "node:fs";
import path from "node:path";
import { AutoTokenizer, StyleTextToSpeech2Model, Tensor, env } from "@huggingface/transformers";

const [program, voice, cases, out] = process.argv.slice(2);
env.localModelPath = path.dirname(voice) + path.sep;
env.allowRemoteModels = false;
const folder = path.basename(voice);

const pack = (speaker) => {
  const { buffer, byteOffset, length } = fs.readFileSync(path.join(voice, "voices", `${speaker}.bin`));
  return new Float32Array(buffer.slice(byteOffset, byteOffset + length));
};

const programs = {
  async transformers() {
    const model = await StyleTextToSpeech2Model.from_pretrained(folder, { dtype: "fp32", device: "cpu" });
    const tokenizer = await AutoTokenizer.from_pretrained(folder);
    return async (phonemes, speaker) => {
      const { input_ids } = tokenizer(phonemes);
      const row = 256 * Math.min(input_ids.dims.at(-1) - 2, 509);
      const style = new Tensor("float32", pack(speaker).slice(row, row + 256), [1, 256]);
      const speed = new Tensor("float32", [1], [1]);
      const { waveform, duration } = await model({ input_ids, style, speed });
      return [waveform.data, Array.from(duration.data, Number)];
    };
  },

  // Its list of voices and its English front end are fixed; `generate_from_ids` needs neither. It reads voices from its
  // own folder.
  async "kokoro-js"() {
    const { KokoroTTS } = await import("kokoro-js");
    for (const file of fs.readdirSync(path.join(voice, "voices")).filter((name) => name.endsWith(".bin"))) {
      fs.copyFileSync(path.join(voice, "voices", file), path.join("node_modules/kokoro-js/voices", file));
    }
    const model = await KokoroTTS.from_pretrained(folder, { dtype: "fp32", device: "cpu" });
    return async (phonemes, speaker) => {
      const { input_ids } = model.tokenizer(phonemes);
      const { audio } = await model.generate_from_ids(input_ids, { voice: speaker });
      return [audio, null];
    };
  },
};

const begin = performance.now();
const speak = await programs[program]();
const results = { load_s: (performance.now() - begin) / 1000, cases: {} };
for (const { id, phonemes, speaker } of JSON.parse(fs.readFileSync(cases, "utf8"))) {
  const start = performance.now();
  try {
    const [audio, durations] = await speak(phonemes, speaker);
    const seconds = (performance.now() - start) / 1000;
    fs.writeFileSync(path.join(out, `${id}.f32`), Buffer.from(audio.buffer, audio.byteOffset, audio.byteLength));
    results.cases[id] = { seconds, durations };
  } catch (error) {
    results.cases[id] = { error: String(error).slice(0, 200) };
  }
}
results.rss_mb = process.resourceUsage().maxRSS / 1024;
fs.writeFileSync(path.join(out, "results.json"), JSON.stringify(results));
