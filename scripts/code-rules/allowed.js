/**
 * Places that the rules would reject, and what bounds each: by file, with the names that the rules use. `npm run lint`
 * reports places that no longer exist, which must be removed here.
 *
 * @type {import('../code-rules.js').Allowed}
 */
export const ALLOWED = {
  'lib/bound-call.ts': { 'model.bind(...buffers)': 'MAX_PORTS of lib/graph/validate.ts' },
  'lib/calls.ts': {
    'this.#model.run(...parts)': 'MAX_PORTS of lib/graph/validate.ts',
    'this.#model.bind(...parts)': 'MAX_PORTS of lib/graph/validate.ts',
    'this.#model.runAsync(...parts)': 'MAX_PORTS of lib/graph/validate.ts',
  },
  'lib/cli/parquet/thrift.ts': {
    'ThriftCheck.element ThriftCheck.list ThriftCheck.struct': 'DEEPEST, 32, is checked at each struct and list',
  },
  'lib/cli/write-text.ts': { nestedText: 'a level for each axis of an output: MAX_RANK of lib/graph/validate.ts' },
  'lib/compute.ts': { 'model.run(...buffers)': 'the three operands of an operation, but for concat, and its result' },
  'lib/formats/aten/argument.ts': { kindWithin: 'DEEPEST_SHOWN, 2' },
  'lib/formats/aten/machine.ts': { wrap: 'a translation gives a list of values at the most' },
  'lib/formats/aten/operators/activations.ts': { apply: 'steps of activations, which lib/graph/activations.ts names' },
  'lib/formats/aten/operators/lookup.ts': {
    'broadcastShapes(...parts.map((part) => part.shape))': 'HIGHEST_RANK of lib/formats/tensors/value.ts',
  },
  'lib/formats/aten/operators/shape.ts': { 'sizesOf(x).toSpliced(...parts)': 'MOST_SIZES of lib/formats/aten/call.ts' },
  'lib/formats/containers/joblib.ts': {
    'String.fromCharCode(...head.subarray(0, PEEK_BYTES))': 'PEEK_BYTES',
  },
  'lib/formats/containers/pickle/parts.ts': {
    'ofObject partsOf': 'what a class of USER keeps is none of them: once',
    spelt: 'MOST_NESTED',
  },
  'lib/formats/containers/pickle/text.ts': {
    'String.fromCharCode(...bytes)': 'SHORT',
  },
  'lib/formats/containers/ubjson.ts': {
    'UbjsonReader.#array UbjsonReader.#items UbjsonReader.#object UbjsonReader.value':
      '`limits.depth`, which is checked at each array and object',
  },
  'lib/formats/keras/layer.ts': {
    leavesOf: 'arguments nest as deep as `limits.depth`: lib/formats/keras/topology.ts',
  },
  'lib/formats/keras/layers/activations.ts': {
    'activation activationField activationLayers': 'DEEPEST of lib/formats/keras/inner.ts',
  },
  'lib/formats/keras/legacy-weights.ts': {
    'LegacyWeights.addGroup': 'models nest as deep as `limits.depth`: lib/formats/keras/topology.ts',
    'slotsOf/visit': 'models nest as deep as `limits.depth`, layers in layers as DEEPEST of lib/formats/keras/inner.ts',
  },
  'lib/formats/keras/network.ts': {
    'Network.callInner Network.callLayer Network.callModel':
      'models nest as deep as `limits.depth`: lib/formats/keras/topology.ts',
  },
  'lib/formats/keras/parameters.ts': {
    'storedParameters/visit': '`limits.depth`, which is checked at each group',
  },
  'lib/formats/keras/spec.ts': {
    mapRefs: 'arguments nest as deep as `limits.depth`: lib/formats/keras/topology.ts',
  },
  'lib/formats/keras/topology.ts': {
    'TopologyReader.layer TopologyReader.model': '`limits.depth`, which is checked at each model',
    'TopologyReader.argument': '`limits.depth`, which is checked at each argument',
    'TopologyReader.references': '`limits.depth`, which is checked at each list',
  },
  'lib/formats/keras/version1.ts': {
    'branchOf branched layerOf modelOf': 'models nest as deep as `limits.depth`, which each of them counts down',
  },
  'lib/formats/looks-like-json.ts': {
    'new RegExp(`"(${names})"\\\\s*:`)': 'names of this file, and nothing but blanks is repeated',
  },
  'lib/formats/looks-like.ts': {
    '/(^checkpoint|ckpt.*|-\\d+)\\.(index|meta|data-\\d+-of-\\d+)$/': 'the name of a file, which the caller gives',
  },
  'lib/formats/onnx/bag-loops.ts': {
    'Speller.#attribute Speller.#body Speller.node Speller.value': 'DEEPEST, 40, is checked at each node',
  },
  'lib/formats/onnx/ops/elementwise.ts': {
    'call.float(...alpha)': 'two values',
    'call.float(...beta)': 'two values',
  },
  'lib/formats/onnx/ops/linear.ts': {
    'call.build.unary(...settings)': 'two values',
  },
  'lib/formats/onnx/ops/quantize.ts': {
    'build.unary(...range)': 'two values',
  },
  'lib/formats/onnx/proto.ts': {
    'decodeAttribute decodeGraph decodeNode': 'each message nests deeper, which `limits.depth` bounds',
  },
  'lib/formats/onnx/ranges.ts': {
    'Math.min(...products)': 'four values',
    'Math.max(...products)': 'four values',
    'Ranges.#isSum': 'one guard',
  },
  'lib/formats/own/plain-json.ts': { copied: 'DEEPEST, 64' },
  'lib/formats/own/plain.ts': {
    'Plain.#array Plain.#array/itemOf Plain.#entries Plain.#make Plain.attributes Plain.of':
      '`limits.depth`, which is checked at each value',
  },
  'lib/formats/pytorch/modules/layers.ts': {
    'chain.shape.toSpliced(...filled)': 'MOST_SIZES of lib/formats/pytorch/modules/module.ts',
  },
  'lib/formats/pytorch/modules/read.ts': { 'stepsOf/visit': '`limits.depth` is checked at each module' },
  'lib/formats/reparametrized.ts': {
    'kind.fits(...parts.map(({ shape }) => shape))': 'the three parts of a kind',
    'kind.compute(...tensors.map(({ data }) => data))': 'the three parts of a kind',
    '/(^|\\.)parametrizations\\.([^.]+)$/': 'it starts at dots, and what is repeated holds none',
    '/(^|\\.)(weight|bias)[^.]*$/': 'it starts at dots, and what is repeated holds none',
  },
  'lib/formats/shard-index.ts': {
    '/"weight_map"\\s*:\\s*\\{\\s*"(?:[^"\\\\]|\\\\.)*"\\s*:\\s*(?:\\[\\s*)?"([^"\\\\]*)"/s': 'the beginning of a file',
  },
  'lib/formats/sklearn/features.ts': { 'firstInside startsOwn': '`limits.depth`, which is counted down at each' },
  'lib/formats/sklearn/row-emitter.ts': {
    'RowEmitter.float32': 'parts of a row have none themselves: once',
    'RowEmitter.#denseOfParts RowEmitter.dense': 'parts of a row have none themselves: once',
    'RowEmitter.requireFinite': 'parts of a row have none themselves: once',
  },
  'lib/formats/sklearn/gaussian-kernels.ts': {
    'KERNELS combined exponentiation knownKernel similarity variance': '`limits.depth`, which Emitter.within checks',
  },
  'lib/formats/sklearn/models/target.ts': {
    'INVERSES invert pipeline power': '`limits.depth`, which Emitter.within checks',
  },
  'lib/formats/sklearn/table.ts': {
    boostedIn: 'its `depth`, which goes down',
    predicts: 'its `depth`, which goes down',
  },
  'lib/formats/statsmodels/design.ts': {
    'Design.#call Design.#term': 'LONGEST of lib/formats/statsmodels/expression.ts',
  },
  'lib/formats/statsmodels/expression.ts': {
    'Parser.call Parser.expression Parser.items Parser.prefix': 'DEEPEST, 100, is checked at each expression',
  },
  'lib/formats/tensorflow/bundle/bundle.ts': {
    runs: 'an axis each: HIGHEST_RANK of lib/formats/tensors/value.ts',
  },
  'lib/formats/tensorflow/bundle/objects.ts': {
    "trackable.children.set(...decodeReference(message.message('children')))": 'a key and a value',
  },
  'lib/formats/tensorflow/proto.ts': {
    "fn.returns.set(...decodeEntry(message.message('ret'), (value) => value.string(), ''))": 'a key and a value',
    'node.attributes.set(...entry)': 'a key and a value',
  },
  'lib/formats/tensorflow/saved-model.ts': {
    "meta.signatures.set(...decodeEntry(message.message('signature_def'), decode, none))": 'a key and a value',
    "meta.assets.set(...decodeAsset(message.message('asset_file_def')))": 'a key and a value',
    "signature.inputs.set(...decodeEntry(message.message('inputs'), decode, NO_TENSOR))": 'a key and a value',
    "signature.outputs.set(...decodeEntry(message.message('outputs'), decode, NO_TENSOR))": 'a key and a value',
    "objects.boundInputs.set(...decodeEntry(message.message('concrete_functions'), decode, []))": 'a key and a value',
    "children.set(...decodeReference(message.message('children')))": 'a key and a value',
  },
  'lib/formats/tensorflow/stored.ts': {
    nodesIn: 'each scope is deeper, which `limits.depth` bounds',
  },
  'lib/formats/tflite/quantized/arithmetic.ts': {
    'Math.max(...scales)': 'of two operands',
    'bounded(...activationBounds(call, call.choice(0)))': 'two values',
  },
  'lib/formats/torch-export/interpreter.ts': {
    'Interpreter.#runNode Interpreter.#runWrapped Interpreter.run': '`limits.depth` is checked at each graph',
  },
  'lib/formats/torch-export/names.ts': {
    treeOf: 'DEEPEST, 32, is checked at each node',
    namesBelow: 'DEEPEST, 32, was checked when the tree was made',
  },
  'lib/formats/sklearn/arrays.ts': {
    'anyNumbers numbersOf stacked': 'items of lists that are lists themselves are refused',
    numpySum: 'each level halves what is summed',
  },
  'lib/formats/sklearn/bundle/members.ts': {
    'Members.#looksThrough Members.holds': '`limits.depth`, which is checked at each container',
    'Members.#find': '`limits.depth`, which is checked at each container',
  },
  'lib/formats/torchscript/builtins.ts': { tensorOf: 'HIGHEST_RANK of lib/formats/tensors/value.ts' },
  'lib/formats/torchscript/interpreter.ts': {
    'Interpreter.#assign Interpreter.#assignTo Interpreter.#attribute Interpreter.#attributeOf Interpreter.#call Interpreter.#construct Interpreter.#dict Interpreter.#evaluate Interpreter.#evaluateParts Interpreter.#getattr Interpreter.#isTrue Interpreter.#run Interpreter.#runLoop Interpreter.#runStatement Interpreter.call':
      'DEEPEST, 1000, is checked at each block and expression that has others within',
  },
  'lib/formats/torchscript/objects.ts': {
    'StoredObjects.#make StoredObjects.#makeDict StoredObjects.#makeObject': 'DEEPEST, 256, is checked at each value',
  },
  'lib/formats/torchscript/parser.ts': {
    'Parser.#body Parser.#for Parser.#if Parser.#statement': 'DEEPEST, 200, is checked at each block',
    'Parser.#atom Parser.#call Parser.#dict Parser.#expression Parser.#items Parser.#list Parser.#negative':
      'DEEPEST, 200, is checked at each expression',
  },
  'lib/formats/torchscript/read.ts': { 'namedResults/collect': '`limits.depth` is checked at each list' },
  'lib/formats/tensors/alignment.ts': { 'broadcastShapes(...shapes)': 'two or three operands' },
  'lib/formats/tensors/builder.ts': {
    'GraphBuilder.#pickWords GraphBuilder.embedding': 'a table of words becomes one of positions, once',
  },
  'lib/graph/activations.ts': {
    'entry.steps(...entry.settings.map((wanted) => numberOf(settings, wanted, name, place)))':
      'the settings of one activation',
  },
  'lib/formats/tensors/picking.ts': {
    'x.shape.toSpliced(...indices.shape)': 'HIGHEST_RANK of lib/formats/tensors/value.ts',
  },
  'lib/formats/tensors/range.ts': {
    'Ranges.#made Ranges.#made/input Ranges.#picked Ranges.of': 'MOST_STEPS',
  },
  'lib/graph/define/activate.ts': {
    'apply applySteps': 'steps of activations, which lib/graph/activations.ts names',
  },
  'lib/graph/define/values.ts': {
    'fromNested/visit': 'DEEPEST',
  },
  'lib/graph/operations/rowwise.ts': {
    'logSumExp reductions': 'it takes the greatest from the table it is in',
  },
  'lib/graph/operations/special.ts': { 'erf erfc': 'each takes the other where that does not ask back' },
  'lib/graph/integers.ts': {
    'Math.min(...ends)': 'four products',
    'Math.max(...ends)': 'four products',
  },
  'lib/graph/ops/elementwise.ts': {
    'broadcastShapes(...shapes)': 'the operands of binary and select, three',
  },
  'lib/graph/plan-builder.ts': {
    'PlanBuilder.copy PlanBuilder.part PlanBuilder.view': 'a constant is copied, and asks no more',
  },
  'lib/graph/simplify/finite.ts': {
    'knowledgeOf knowledgeOf/of': 'MOST_STEPS',
  },
  'lib/graph/simplify/identities.ts': {
    'broadcastShapes(...inputs.map((input) => graph.shape(input)))': 'the operands of binary and select, three',
  },
  'lib/graph/simplify/plain.ts': {
    'isPositive isPositive/all': 'its `depth`, which goes down from 8',
  },
  'lib/graph/stack/order.ts': {
    'Search.extend': 'MOST_STEPS: each level looks at all layers that are left',
  },
  'lib/learn/estimators/table.ts': { openEstimator: 'DEEPEST, from which `depth` is counted down' },
  'lib/model.ts': {
    'Model.create': 'once, for the model that decides, which has none',
    'Model.#attach': 'once, for the model that decides, which has none',
  },
  'lib/serve/workers/seat.ts': { 'Seat.#emptied Seat.#fill': 'a timer lies between the two' },
  'lib/source/mlflow.ts': {
    inside: 'a folder called model in the one that is named: once',
  },
  'lib/text/pattern/ast.ts': { lengthsOf: 'DEEPEST of lib/text/pattern/parse.ts' },
  'lib/text/pattern/parse.ts': {
    'Parser.#capture Parser.#choice Parser.#closed Parser.#flagged Parser.#group Parser.#item Parser.#look Parser.#named Parser.#sequence':
      'DEEPEST, 50, is checked at each group',
  },
  'lib/text/pattern/program.ts': {
    'Writer.#writeChoice Writer.#writeRepeat Writer.write': 'DEEPEST of lib/text/pattern/parse.ts',
  },
  'lib/text/pattern/search.ts': {
    Search: 'nothing looks ahead or behind within what does: once',
    'Search.#find Search.#follow Search.#isThere': 'nothing looks ahead or behind within what does: once',
  },
  'lib/watch/watcher.ts': {
    'Watcher.#run Watcher.#schedule Watcher.check': 'each check is awaited from a timer of its own',
  },
};
