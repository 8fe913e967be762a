/** Guesses what JSON and similar texts describe, by the keys at the beginning: which file to give instead. */

interface Kind {
  /** All of these must occur. */
  readonly keys: readonly RegExp[];
  readonly words: string;
}

const key = (names: string): RegExp => new RegExp(`"(${names})"\\s*:`);

/** The first match applies. */
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
      'the index of a model in several files of an unsupported kind; .safetensors, .bin and .weights.h5 are supported',
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

/** For the beginning of a text that opens with a brace or a bracket. */
export function jsonKind(text: string): string {
  return (
    KINDS.find(({ keys }) => keys.every((one) => one.test(text)))?.words ??
    'JSON that does not describe a known kind of model'
  );
}
