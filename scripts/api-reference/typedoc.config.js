/**
 * The reference of the package's API, made from doc comments: `npm run build` here. It fails where a public name has no
 * comment, or a comment links to nothing.
 *
 * typedoc needs the API of TypeScript 5, which TypeScript 7 does not have: so this is its own package. Types are
 * checked by the repository's TypeScript, not here.
 */
const LAYERS = (
  'Activation Affine Bag BatchNorm Binary Columns Concat Dense Embedding Flatten Identity LayerNorm Normalize OneHot ' +
  'Reduce Reshape RmsNorm Scatter Slice Softmax'
).split(' ');

/** Fields of object types that are written in place: the comment of the whole explains them. */
const LITERALS = {
  'forwardpass.Activation': ['name'],
  'forwardpass.LiveStatus.rejected': ['version', 'error'],
  'forwardpass.LoadOptions.functions': ['run'],
  'forwardpass.RowRecord': ['[iterator]'],
  'forwardpass.StepFunctions': ['run'],
  'forwardpass.Values': ['shape', 'data'],
  'forwardpass.WatchOptions.functions': ['run'],
  'forwardpass/serve.FastifyOptions': ['source', 'prefix'],
  'forwardpass/serve.ServeEvent': ['kind', 'model', 'version', 'sha256', 'worker', 'error'],
};

/** Types that the pages write out, or that nobody writes. */
const WRITTEN_OUT = 'Answers ArraySchema RecordSchema ReducedWeights SoftmaxName Targets UnaryName'.split(' ');
const ONLY_MATCHED = ['FastifyRequestLike', 'FastifyReplyLike'];

// biome-ignore lint/style/noDefaultExport: what typedoc reads
export default {
  name: 'forwardpass API',
  entryPoints: ['index', 'serve', 'learn'].map((name) => `../../lib/${name}.ts`),
  tsconfig: 'tsconfig.json',
  out: '../../build/api',
  cleanOutputDir: true,
  readme: 'front.md',
  projectDocuments: ['../../docs/errors.md'],
  sort: ['source-order'],
  githubPages: true,
  excludeInternal: true,
  excludePrivate: true,
  excludeExternals: true,
  skipErrorChecking: true,
  treatWarningsAsErrors: true,
  treatValidationWarningsAsErrors: true,
  validation: { notExported: true, invalidLink: true, notDocumented: true },
  requiredToBeDocumented: ['Variable', 'Function', 'Class', 'Interface', 'Property', 'Method', 'Accessor', 'TypeAlias'],
  intentionallyNotExported: [...WRITTEN_OUT, ...ONLY_MATCHED],
  intentionallyNotDocumented: [
    ...LAYERS.map((name) => `forwardpass.${name}Layer.type`),
    ...Object.entries(LITERALS).flatMap(([type, names]) => names.map((name) => `${type}.__type.${name}`)),
  ],
};
