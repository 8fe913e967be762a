/*
 * Runs a frozen model over raw files, for test/c-api/check.js: run MODEL ROWS THREADS INPUT... OUTPUT...
 * An input is a file of its elements, f64, or i64 where the file's name ends in .i64; where it ends in .rag, a ragged one,
 * as f64: the offsets, the ids and the weights. Outputs are written as f64 where
 * the file's name ends in .f64, otherwise in the model's own precision. A failure of a run is named by its status.
 */
#include <forwardpass.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const char *what, const char *why) {
  fprintf(stderr, "%s: %s\n", what, why);
  exit(1);
}

static void *allocate(size_t count, size_t bytes) {
  void *block = calloc(count + 1, bytes);
  if (block == NULL) fail("run", "no memory");
  return block;
}

static int ends_in(const char *path, const char *end) {
  const size_t length = strlen(path);
  return length > 4 && strcmp(path + length - 4, end) == 0;
}

/* The offsets, ids and weights of a file, all f64. */
static void read_ragged(const char *path, size_t rows, fp_input *input) {
  fp_ragged *pairs = allocate(1, sizeof *pairs);
  int32_t *offsets = allocate(rows + 1, sizeof *offsets);
  int64_t *ids;
  double number, *weights;
  FILE *file = fopen(path, "rb");
  size_t i;
  if (file == NULL) fail(path, "cannot be read");
  for (i = 0; i <= rows; i++) {
    if (fread(&number, sizeof number, 1, file) != 1) fail(path, "has too few offsets");
    offsets[i] = (int32_t)number;
  }
  input->elements = (size_t)offsets[rows];
  ids = allocate(input->elements, sizeof *ids);
  weights = allocate(input->elements, sizeof *weights);
  for (i = 0; i < input->elements; i++) {
    if (fread(&number, sizeof number, 1, file) != 1) fail(path, "has too few ids");
    ids[i] = (int64_t)number;
  }
  if (fread(weights, sizeof *weights, input->elements, file) != input->elements) fail(path, "has too few weights");
  fclose(file);
  pairs->ids = ids;
  pairs->id_type = FP_I64;
  pairs->weights = weights;
  pairs->weight_type = FP_F64;
  pairs->offsets = offsets;
  input->data = pairs;
  input->type = FP_RAGGED;
}

int main(int argc, char **argv) {
  fp_options options = FP_OPTIONS_INIT;
  fp_model *model;
  fp_input *inputs;
  fp_output *outputs;
  size_t input_count, output_count, rows, i;
  fp_status status;
  if (argc < 4) fail("usage", "run MODEL ROWS THREADS INPUT... OUTPUT...");
  rows = (size_t)strtoul(argv[2], NULL, 10);
  options.threads = (uint32_t)strtoul(argv[3], NULL, 10);
  if (fp_model_open(argv[1], &options, &model) != FP_OK) fail(argv[1], fp_last_error());
  input_count = fp_input_count(model);
  output_count = fp_output_count(model);
  if ((size_t)argc != 4 + input_count + output_count) fail(argv[1], "expected another number of files");
  inputs = allocate(input_count, sizeof *inputs);
  outputs = allocate(output_count, sizeof *outputs);

  for (i = 0; i < input_count; i++) {
    const char *path = argv[4 + i];
    const size_t count = rows * fp_input_width(model, i);
    double *data;
    FILE *file;
    if (ends_in(path, ".rag")) {
      read_ragged(path, rows, &inputs[i]);
      continue;
    }
    data = allocate(count, sizeof *data);
    file = fopen(path, "rb");
    if (file == NULL || fread(data, sizeof *data, count, file) != count || fgetc(file) != EOF) {
      fail(path, "is not of the length of the model's rows");
    }
    fclose(file);
    inputs[i].data = data;
    inputs[i].type = ends_in(path, ".i64") ? FP_I64 : FP_F64;
    inputs[i].elements = count;
  }
  for (i = 0; i < output_count; i++) {
    outputs[i].type = ends_in(argv[4 + input_count + i], ".f64") ? FP_F64 : fp_model_precision(model);
    outputs[i].elements = rows * fp_output_width(model, i);
    outputs[i].data = allocate(outputs[i].elements, sizeof(double));
  }
  status = fp_run(model, inputs, input_count, outputs, output_count, rows);
  if (status != FP_OK) fail(fp_status_name(status), fp_last_error());

  for (i = 0; i < output_count; i++) {
    const char *path = argv[4 + input_count + i];
    const size_t bytes = outputs[i].type == FP_F64 ? sizeof(double) : sizeof(float);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(outputs[i].data, bytes, outputs[i].elements, file) != outputs[i].elements ||
        fclose(file) != 0) {
      fail(path, "cannot be written");
    }
    free(outputs[i].data);
  }
  for (i = 0; i < input_count; i++) free((void *)inputs[i].data);
  free(outputs);
  free(inputs);
  fp_model_close(model);
  return 0;
}
