/*
 * Reads handwritten digits in C: 64 pixels in, 10 scores out. The images are ones that the network never saw in
 * training.
 *
 *   forwardpass freeze examples/digits/digits.onnx -o digits.safetensors
 *   cc examples/c/digits.c $(pkg-config --cflags --libs forwardpass) -o digits
 *   ./digits digits.safetensors examples/digits
 */
#include <forwardpass.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIXELS = 64, CLASSES = 10 };

static void fail(const char *what, const char *why) {
  fprintf(stderr, "%s: %s\n", what, why);
  exit(1);
}

static void *allocate(size_t count, size_t bytes) {
  void *block = calloc(count, bytes);
  if (block == NULL) fail("digits", "no memory");
  return block;
}

/* The values of a .npy file of unsigned bytes: magic, version, the header's length, the header, the values. */
static unsigned char *read_npy(const char *folder, const char *name, size_t *count) {
  char path[1024];
  unsigned char head[10], *values;
  long begin, end;
  FILE *file;
  snprintf(path, sizeof path, "%s/%s", folder, name);
  file = fopen(path, "rb");
  if (file == NULL || fread(head, 1, sizeof head, file) != sizeof head) fail(path, "cannot be read");
  begin = (long)sizeof head + head[8] + 256L * head[9];
  if (fseek(file, 0, SEEK_END) != 0 || (end = ftell(file)) < begin || fseek(file, begin, SEEK_SET) != 0) {
    fail(path, "is too short");
  }
  *count = (size_t)(end - begin);
  values = allocate(*count, 1);
  if (fread(values, 1, *count, file) != *count) fail(path, "cannot be read");
  fclose(file);
  return values;
}

/* FNV-1a, so that results can be compared with those of other hosts. */
static uint64_t hash_of(const void *data, size_t bytes) {
  const unsigned char *at = data;
  uint64_t hash = 14695981039346656037u;
  while (bytes-- > 0) hash = (hash ^ *at++) * 1099511628211u;
  return hash;
}

int main(int argc, char **argv) {
  size_t pixel_count, rows, row, i, right = 0;
  unsigned char *images, *labels;
  float *x, *scores;
  fp_model *model;
  fp_input input;
  fp_output output;

  if (argc != 3) fail("usage", "digits MODEL.safetensors FOLDER");
  if (fp_abi_version() != FP_ABI_VERSION) fail("forwardpass", "the library is of another version than its header");
  if (fp_model_open(argv[1], NULL, &model) != FP_OK) fail(argv[1], fp_last_error());
  if (fp_input_width(model, 0) != PIXELS || fp_output_width(model, 0) != CLASSES) {
    fail(argv[1], "expected a model of 64 pixels and 10 classes");
  }

  images = read_npy(argv[2], "test-images.npy", &pixel_count);
  labels = read_npy(argv[2], "test-labels.npy", &rows);
  if (pixel_count != rows * PIXELS) fail(argv[2], "expected as many images as labels");
  x = allocate(pixel_count, sizeof *x);
  scores = allocate(rows * CLASSES, sizeof *scores);
  for (i = 0; i < pixel_count; i++) x[i] = images[i];

  /* All images in one call. */
  input.data = x;
  input.type = FP_F32;
  input.elements = pixel_count;
  output.data = scores;
  output.type = FP_F32;
  output.elements = rows * CLASSES;
  if (fp_run(model, &input, 1, &output, 1, rows) != FP_OK) fail("run", fp_last_error());

  for (row = 0; row < rows; row++) {
    const float *of_row = scores + row * CLASSES;
    int best = 0, class_;
    for (class_ = 1; class_ < CLASSES; class_++) {
      if (of_row[class_] > of_row[best]) best = class_;
    }
    right += best == labels[row];
  }
  printf("%lu of %lu right, hash %08lx%08lx\n", (unsigned long)right, (unsigned long)rows,
         (unsigned long)(hash_of(scores, rows * CLASSES * sizeof *scores) >> 32),
         (unsigned long)(hash_of(scores, rows * CLASSES * sizeof *scores) & 0xffffffffu));

  free(scores);
  free(x);
  free(labels);
  free(images);
  fp_model_close(model);
  return 0;
}
