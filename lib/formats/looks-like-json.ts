/** What JSON, and texts like it, are of, by the keys at their beginning: which file to give instead. */

interface Kind {
  /** All of them are found. */
  readonly keys: readonly RegExp[];
  readonly words: string;
}

const key = (names: string): RegExp => new RegExp(`"(${names})"\\s*:`);

/** First match wins. */
const KINDS: readonly Kind[] = [
  {
    keys: [key('class_name'), key('config')],
    words:
      "the description of a Keras model without its weights: give the weights' file, with this one beside it as model.json",
  },
  {
    keys: [key('keras_version'), key('date_saved')],
    words: 'a part of a .keras archive that was unpacked: give the archive, or model.weights.h5 with its config.json',
  },
  {
    keys: [key('weight_map')],
    words:
      'the index of a model in several files, which are of no kind that is read: .safetensors, .bin and .weights.h5 are',
  },
  {
    keys: [key('model_type|architectures|transformers_version|_name_or_path')],
    words:
      "a Hugging Face model's configuration: give its weights, model.safetensors or model.safetensors.index.json, or the folder",
  },
  {
    keys: [key('added_tokens|tokenizer_class|do_lower_case|bos_token|unk_token')],
    words: "a tokenizer's settings, which are not a model",
  },
  {
    keys: [key('peft_type|lora_alpha')],
    words: "a LoRA adapter's settings: merge it into its model (merge_and_unload()) and give that",
  },
  {
    keys: [key('name'), key('dependencies|devDependencies|scripts|exports')],
    words: "npm's package.json: give the path of a model's file",
  },
  { keys: [key('cells'), key('cell_type')], words: 'a Jupyter notebook: give the file of the model that it saves' },
];

/** By the beginning of a text that opens with a brace or a bracket. */
export function jsonKind(text: string): string {
  return (
    KINDS.find(({ keys }) => keys.every((one) => one.test(text)))?.words ?? 'JSON that describes no model known here'
  );
}
