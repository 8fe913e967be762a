/*
 * forwardpass: the forward pass of trained models, for C and languages that call C.
 *
 *   forwardpass freeze churn.joblib -o churn.safetensors        once, on a machine with Node
 *
 *   fp_model *model;
 *   if (fp_model_open("churn.safetensors", NULL, &model) != FP_OK) { puts(fp_last_error()); exit(1); }
 *   float x[4] = {...}, y[2];
 *   fp_input in = {x, FP_F32, 4};
 *   fp_output out = {y, FP_F32, 2};
 *   if (fp_run(model, &in, 1, &out, 1, 1) != FP_OK) { puts(fp_last_error()); exit(1); }
 *   fp_model_close(model);
 *
 * Errors: functions that can fail return an fp_status; FP_OK is 0. After a failure, fp_last_error() describes what was
 * expected, what was found and where. No function throws, aborts or prints.
 *
 * Ownership: a model belongs to the caller that opened it, until fp_model_close(). Strings belong to the model and live
 * as long as it does. Buffers belong to the caller and are only used until fp_run() returns.
 *
 * Threads: a model never changes once it is open. Any number of threads may run and query it at the same time. It must
 * only be closed when no thread uses it any more; with fp_model_retain(), each thread can hold it.
 *
 * Numbers: the same file, inputs and version of the library give the same bits on every machine, in Node and in C, for
 * any number of rows and threads.
 *
 * Strings are UTF-8 and end with a zero byte.
 */
#ifndef FORWARDPASS_H
#define FORWARDPASS_H

#include <stddef.h>
#include <stdint.h>

/* On Windows, define FP_STATIC when linking the static library; CMake's forwardpass::static does this. */
#if defined(FP_BUILD_SHARED) && defined(_WIN32)
#define FP_API __declspec(dllexport)
#elif defined(_WIN32) && !defined(FP_STATIC)
#define FP_API __declspec(dllimport)
#elif defined(__GNUC__)
#define FP_API __attribute__((visibility("default")))
#else
#define FP_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------------------------------
 * Versions
 */

/* The version of this header. Later headers of the same version may add functions, types and status codes; none is
 * changed or removed. */
#define FP_ABI_VERSION 1

/* The version of the library that was linked or loaded, which must be equal to FP_ABI_VERSION. */
FP_API uint32_t fp_abi_version(void);

/* The version of forwardpass, such as "0.1.0". */
FP_API const char *fp_version(void);

/* ------------------------------------------------------------------------------------------------------------------
 * Errors
 */

typedef enum fp_status {
  FP_OK = 0,
  FP_ERROR_ARGUMENT = 1,    /* a null pointer, an unknown option, or a number of buffers other than the model's */
  FP_ERROR_FILE = 2,        /* the file cannot be opened or read */
  FP_ERROR_TRUNCATED = 3,   /* the file ends before the content that it declares */
  FP_ERROR_MALFORMED = 4,   /* the file contradicts its format or itself */
  FP_ERROR_NOT_FROZEN = 5,  /* a safetensors file that was not written by forwardpass freeze */
  FP_ERROR_VERSION = 6,     /* frozen by a version whose plans this library does not support */
  FP_ERROR_UNSUPPORTED = 7, /* the file contains elements of a type that is not supported */
  FP_ERROR_ISA = 8,         /* the requested instruction set is not available here */
  FP_ERROR_MEMORY = 9,      /* there is not enough memory */
  FP_ERROR_BUFFER = 10,     /* a buffer has the wrong type or length, overlaps another, or is not aligned; or offsets
                               are not in order or out of range */
  FP_ERROR_ID = 11,         /* an input contains an id that the model has no entry for */
  FP_ERROR_NOT_FINITE = 12, /* an infinity or NaN where the model only takes finite numbers */
  FP_ERROR_LIMIT = 13,      /* the model would take more memory than fp_options.max_bytes */
  FP_ERROR_NOT_EXACT = 14   /* an integer beyond 2^53 that no double represents, where the model needs it exactly */
} fp_status;

/* The name of a status, such as "FP_ERROR_BUFFER"; "unknown" for any other number. */
FP_API const char *fp_status_name(fp_status status);

/* The message of the last function that failed on the calling thread: one line, at most 511 bytes; "" if none has
 * failed. It is valid until the next function fails on this thread. Each thread has its own message, so threads that
 * share a model need no lock for it. Success does not change it: check the status first. */
FP_API const char *fp_last_error(void);

/* ------------------------------------------------------------------------------------------------------------------
 * Models
 */

typedef struct fp_model fp_model;

/* Set size to sizeof(fp_options) and all other fields to zero, as FP_OPTIONS_INIT does; then set the desired options.
 * Later versions may add fields at the end; size tells which fields the caller knows. */
typedef struct fp_options {
  size_t size;
  const char *isa;    /* an instruction set such as "avx2" or "scalar"; NULL for the best that the processor has */
  uint32_t threads;   /* that one fp_run() may use, including the caller's; 0 and 1 mean only the caller's; at most 256.
                         They start when a run is first large enough to be divided, and end with the model. Two
                         simultaneous runs do not share them: the second only uses its caller's thread. */
  uint64_t max_bytes; /* the memory limit for the weights, and for the values of one row: a small file may need a lot.
                         0 means 256 MB plus 16 times the file's size */
} fp_options;

/* clang-format off */
#define FP_OPTIONS_INIT {sizeof(fp_options), NULL, 0, 0}
/* clang-format on */

/* Opens a file that `forwardpass freeze` wrote. The path is in the system's encoding, on Windows in UTF-8. `options`
 * may be NULL. On success, *model belongs to the caller, who must call fp_model_close(); on failure it is NULL. The
 * file is read once and may be changed or deleted afterwards. Fails with one of the codes up to FP_ERROR_MEMORY, or
 * with FP_ERROR_LIMIT. */
FP_API fp_status fp_model_open(const char *path, const fp_options *options, fp_model **model);

/* The same from `size` bytes in memory, with any alignment, which may be freed afterwards. */
FP_API fp_status fp_model_open_bytes(const void *bytes, size_t size, const fp_options *options, fp_model **model);

/* Opens, from the same bytes, the model that decides labels if the outputs do not: two scores may have the same
 * probability. It has the same inputs, and its outputs replace those with the same names when labels are derived.
 * After success, *model is NULL if the outputs themselves decide. */
FP_API fp_status fp_decider_open_bytes(const void *bytes, size_t size, const fp_options *options, fp_model **model);

/* Adds a holder, which must also call fp_model_close(). NULL is allowed. */
FP_API void fp_model_retain(fp_model *model);

/* Releases the model for one holder; the last one frees it. NULL is allowed. */
FP_API void fp_model_close(fp_model *model);

/* ------------------------------------------------------------------------------------------------------------------
 * Running
 */

typedef enum fp_type { FP_F32 = 1, FP_F64 = 2, FP_I32 = 3, FP_I64 = 4, FP_RAGGED = 5 } fp_type;

/* Elements of all rows, row by row, with the alignment of their type. Any input may be FP_F32 or FP_F64, whatever the
 * precision of the model; integer inputs (fp_input_is_integer) may also be FP_I32 or FP_I64. */
typedef struct fp_input {
  const void *data; /* may be NULL when there are no elements */
  fp_type type;
  size_t elements; /* rows x fp_input_width() */
} fp_input;

/* What `data` points to if the type is FP_RAGGED, which only inputs of ragged rows (fp_input_is_ragged) take: rows with
 * any number of pairs of an id and a weight, like the three arrays of a sparse matrix in CSR format. The pairs of row r
 * are from offsets[r] to before offsets[r + 1]; `elements` of the fp_input is the number of pairs.
 *
 *   fp_ragged pairs = {ids, FP_I32, weights, FP_F32, offsets};
 *   fp_input in = {&pairs, FP_RAGGED, pair_count};
 */
typedef struct fp_ragged {
  const void *ids;        /* from 0 to below fp_input_width(); a row may contain an id more than once */
  fp_type id_type;        /* FP_I32 or FP_I64 */
  const void *weights;    /* NULL if all are 1 */
  fp_type weight_type;    /* FP_F32 or FP_F64 */
  const int32_t *offsets; /* rows + 1 offsets, non-decreasing; the first is 0, the last is the number of pairs */
} fp_ragged;

typedef struct fp_output {
  void *data;
  fp_type type;
  size_t elements; /* rows x fp_output_width() */
} fp_output;

/* Runs `rows` rows: `inputs` and `outputs` are all inputs and outputs of the model, in order. No output may overlap
 * another buffer. Any number of threads may run one model at the same time, each with its own outputs. A run allocates
 * no memory, unless more threads than ever before run the model at the same time: each needs memory for values, which
 * the model keeps. After FP_ERROR_ID, FP_ERROR_NOT_FINITE and FP_ERROR_NOT_EXACT the content of the outputs is
 * undefined; after other failures they are unchanged. */
FP_API fp_status fp_run(const fp_model *model, const fp_input *inputs, size_t input_count, const fp_output *outputs,
                        size_t output_count, size_t rows);

/* ------------------------------------------------------------------------------------------------------------------
 * Description of a model. None of these functions fails: if the model is NULL, or the input, output, axis or name does
 * not exist, numbers are 0 and strings are NULL.
 */

FP_API size_t fp_input_count(const fp_model *model);
FP_API const char *fp_input_name(const fp_model *model, size_t input);
FP_API size_t fp_input_width(const fp_model *model, size_t input); /* elements of one row: the product of its axes */
FP_API size_t fp_input_rank(const fp_model *model, size_t input);  /* axes of one row, without the axis of rows */
FP_API size_t fp_input_axis(const fp_model *model, size_t input, size_t axis); /* elements along an axis of one row */
FP_API const char *fp_input_dtype(const fp_model *model, size_t input); /* in the original model: "f32", "i64" ... */
FP_API int fp_input_is_integer(const fp_model *model, size_t input);    /* whether FP_I32 and FP_I64 are accepted too */

/* Whether it takes FP_RAGGED; its width is then the number of ids. */
FP_API int fp_input_is_ragged(const fp_model *model, size_t input);

FP_API size_t fp_output_count(const fp_model *model);
FP_API const char *fp_output_name(const fp_model *model, size_t output);
FP_API size_t fp_output_width(const fp_model *model, size_t output);
FP_API size_t fp_output_rank(const fp_model *model, size_t output);
FP_API size_t fp_output_axis(const fp_model *model, size_t output, size_t axis);
FP_API const char *fp_output_dtype(const fp_model *model, size_t output);
FP_API int fp_output_is_integer(const fp_model *model, size_t output);

FP_API fp_type fp_model_precision(const fp_model *model); /* the type of its computations: FP_F32 or FP_F64 */
FP_API const char *fp_model_isa(const fp_model *model);   /* the instruction set it runs on */
FP_API uint64_t fp_model_parameter_count(const fp_model *model);

/* The classes of a classifier, in the order of its scores. A class that is a number is written as its shortest decimal
 * text. */
FP_API size_t fp_class_count(const fp_model *model);
FP_API const char *fp_class_name(const fp_model *model, size_t index);
FP_API int fp_class_is_number(const fp_model *model, size_t index);

/* The names of the columns that the model was trained on, starting with those of the first input; many models have
 * none. */
FP_API size_t fp_feature_count(const fp_model *model);
FP_API const char *fp_feature_name(const fp_model *model, size_t index);

#ifdef __cplusplus
}
#endif

#endif
