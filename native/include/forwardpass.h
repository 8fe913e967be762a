/*
 * forwardpass: the forward pass of trained models, for C and whatever calls C.
 *
 *   forwardpass freeze churn.joblib -o churn.safetensors        once, wherever Node is
 *
 *   fp_model *model;
 *   if (fp_model_open("churn.safetensors", NULL, &model) != FP_OK) { puts(fp_last_error()); exit(1); }
 *   float x[4] = {...}, y[2];
 *   fp_input in = {x, FP_F32, 4};
 *   fp_output out = {y, FP_F32, 2};
 *   if (fp_run(model, &in, 1, &out, 1, 1) != FP_OK) { puts(fp_last_error()); exit(1); }
 *   fp_model_close(model);
 *
 * Errors: what can fail returns an fp_status; FP_OK is 0. fp_last_error() then says what was expected, what was found
 * and where. No function throws, aborts or prints.
 *
 * Ownership: a model belongs to who opened it, until fp_model_close(). Strings belong to the model and live as long as
 * it does. Buffers belong to the caller and are used only until fp_run() returns.
 *
 * Threads: a model never changes once it is open. Any number of threads may run and ask one at the same time. It must
 * be closed only when no thread uses it any more; fp_model_retain() lets each hold it.
 *
 * Numbers: the same file, inputs and version of the library give the same bits on every machine, through Node as
 * through C, for any number of rows and threads.
 *
 * Strings are UTF-8 and end with a zero byte.
 */
#ifndef FORWARDPASS_H
#define FORWARDPASS_H

#include <stddef.h>
#include <stdint.h>

/* On Windows, define FP_STATIC where the static library is linked; CMake's forwardpass::static does. */
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

/* Of this header. Functions, types and status codes may join under the same version; none changes or goes. */
#define FP_ABI_VERSION 1

/* Of the library that was linked or found at run time: the same number as FP_ABI_VERSION, or they do not fit. */
FP_API uint32_t fp_abi_version(void);

/* Of forwardpass, such as "0.1.0". */
FP_API const char *fp_version(void);

/* ------------------------------------------------------------------------------------------------------------------
 * Errors
 */

typedef enum fp_status {
  FP_OK = 0,
  FP_ERROR_ARGUMENT = 1,    /* a null pointer, an unknown option, or buffers that are not as many as the model's */
  FP_ERROR_FILE = 2,        /* the file cannot be opened or read */
  FP_ERROR_TRUNCATED = 3,   /* the file ends before what it says it holds */
  FP_ERROR_MALFORMED = 4,   /* the file contradicts its format or itself */
  FP_ERROR_NOT_FROZEN = 5,  /* a safetensors file, but not one that forwardpass froze */
  FP_ERROR_VERSION = 6,     /* frozen by a version whose plans this library does not run */
  FP_ERROR_UNSUPPORTED = 7, /* the file holds elements of a type that is not read */
  FP_ERROR_ISA = 8,         /* the instruction set that was asked for is not available here */
  FP_ERROR_MEMORY = 9,      /* there is no memory for it */
  FP_ERROR_BUFFER = 10,     /* a buffer is of another type or length, overlaps another, or is not aligned; offsets that
                               are not in order or lead outside */
  FP_ERROR_ID = 11,         /* an input holds an id that the model has no entry for */
  FP_ERROR_NOT_FINITE = 12, /* an infinity or NaN where the model takes finite numbers only */
  FP_ERROR_LIMIT = 13,      /* the model would take more memory than fp_options.max_bytes */
  FP_ERROR_NOT_EXACT = 14   /* an integer past 2^53 that no double holds, where the model needs it exactly */
} fp_status;

/* The name of a status, such as "FP_ERROR_BUFFER"; "unknown" for a number that is none. */
FP_API const char *fp_status_name(fp_status status);

/* About the last function that failed on the calling thread: one line, at most 511 bytes; "" when none has. It stands
 * until the next function fails on this thread, and is the thread's own, so that models shared by threads need no lock
 * for it. Success leaves it as it is: look at the status first. */
FP_API const char *fp_last_error(void);

/* ------------------------------------------------------------------------------------------------------------------
 * Models
 */

typedef struct fp_model fp_model;

/* Set size to sizeof(fp_options) and the rest to zero, then what is wanted: FP_OPTIONS_INIT does so. Later versions may
 * add fields at the end; size says which of them the caller knew. */
typedef struct fp_options {
  size_t size;
  const char *isa;    /* an instruction set such as "avx2" or "scalar"; NULL for the best that the processor has */
  uint32_t threads;   /* that one fp_run() may use, the caller's included; 0 and 1 mean the caller's alone; at most 256.
                         They start when a run is first large enough to be shared out, and end with the model. Two
                         runs at once do not share them: the second uses its caller's thread alone. */
  uint64_t max_bytes; /* that the weights may take in memory, and the values of one row: a small file may ask for much.
                         0 for 256 MB and 16 times the file's size */
} fp_options;

/* clang-format off */
#define FP_OPTIONS_INIT {sizeof(fp_options), NULL, 0, 0}
/* clang-format on */

/* Opens a file that `forwardpass freeze` wrote. The path is in the system's encoding, on Windows UTF-8. `options` may
 * be NULL. On success *model is the caller's, to be ended by fp_model_close(); on failure it is NULL. The file is read
 * once and may change or go afterwards. Fails with any of the codes up to FP_ERROR_MEMORY, and FP_ERROR_LIMIT. */
FP_API fp_status fp_model_open(const char *path, const fp_options *options, fp_model **model);

/* The same from `size` bytes in memory, of any alignment, which may go afterwards. */
FP_API fp_status fp_model_open_bytes(const void *bytes, size_t size, const fp_options *options, fp_model **model);

/* Opens, of the same bytes, what decides labels where the outputs do not: two scores may be one probability. It is a
 * model of the same inputs, whose outputs take the place of those of the same names when labels are made of them.
 * *model is NULL after success where the outputs decide themselves. */
FP_API fp_status fp_decider_open_bytes(const void *bytes, size_t size, const fp_options *options, fp_model **model);

/* One more holder: another fp_model_close() must follow. NULL is fine. */
FP_API void fp_model_retain(fp_model *model);

/* Ends the model when its last holder closes it. NULL is fine. */
FP_API void fp_model_close(fp_model *model);

/* ------------------------------------------------------------------------------------------------------------------
 * Running
 */

typedef enum fp_type { FP_F32 = 1, FP_F64 = 2, FP_I32 = 3, FP_I64 = 4, FP_RAGGED = 5 } fp_type;

/* Elements of all rows, one row after another, aligned as their type is. Any input may be FP_F32 or FP_F64, whatever
 * the precision of the model; those of integers (fp_input_is_integer) also FP_I32 or FP_I64. */
typedef struct fp_input {
  const void *data; /* may be NULL when there are no elements */
  fp_type type;
  size_t elements; /* rows x fp_input_width() */
} fp_input;

/* What `data` points to where the type is FP_RAGGED, which inputs of ragged rows (fp_input_is_ragged) take, and no
 * others: rows of any number of pairs of an id and a weight, as the three arrays of a sparse matrix by rows have them.
 * The pairs of row r are those from offsets[r] to before offsets[r + 1]; `elements` of the fp_input is how many pairs
 * there are.
 *
 *   fp_ragged pairs = {ids, FP_I32, weights, FP_F32, offsets};
 *   fp_input in = {&pairs, FP_RAGGED, pair_count};
 */
typedef struct fp_ragged {
  const void *ids;        /* from 0 to below fp_input_width(); one may be in a row more than once */
  fp_type id_type;        /* FP_I32 or FP_I64 */
  const void *weights;    /* NULL where all are 1 */
  fp_type weight_type;    /* FP_F32 or FP_F64 */
  const int32_t *offsets; /* rows + 1: 0 first, the number of pairs last, none less than the one before */
} fp_ragged;

typedef struct fp_output {
  void *data;
  fp_type type;
  size_t elements; /* rows x fp_output_width() */
} fp_output;

/* Runs `rows` rows: `inputs` and `outputs` are all of the model's, in its order. No output overlaps another buffer. Any
 * number of threads may run one model at the same time, each with outputs of its own. A run allocates no memory,
 * except when more threads than ever before are at it: each needs a room for values, which the model keeps.
 * After FP_ERROR_ID, FP_ERROR_NOT_FINITE, FP_ERROR_NOT_EXACT the outputs hold anything; after other failures they are
 * as they were. */
FP_API fp_status fp_run(const fp_model *model, const fp_input *inputs, size_t input_count, const fp_output *outputs,
                        size_t output_count, size_t rows);

/* ------------------------------------------------------------------------------------------------------------------
 * What a model says of itself. None of these fails: where the model is NULL or there is no such input, output, axis or
 * name, numbers are 0 and strings are NULL.
 */

FP_API size_t fp_input_count(const fp_model *model);
FP_API const char *fp_input_name(const fp_model *model, size_t input);
FP_API size_t fp_input_width(const fp_model *model, size_t input); /* elements of one row: the product of its axes */
FP_API size_t fp_input_rank(const fp_model *model, size_t input);  /* axes of one row; without that of the rows */
FP_API size_t fp_input_axis(const fp_model *model, size_t input, size_t axis); /* elements along an axis of one row */
FP_API const char *fp_input_dtype(const fp_model *model, size_t input); /* in the original model: "f32", "i64" ... */
FP_API int fp_input_is_integer(const fp_model *model, size_t input);    /* whether FP_I32 and FP_I64 serve as well */

/* Whether it takes FP_RAGGED: its width is then how many ids there are. */
FP_API int fp_input_is_ragged(const fp_model *model, size_t input);

FP_API size_t fp_output_count(const fp_model *model);
FP_API const char *fp_output_name(const fp_model *model, size_t output);
FP_API size_t fp_output_width(const fp_model *model, size_t output);
FP_API size_t fp_output_rank(const fp_model *model, size_t output);
FP_API size_t fp_output_axis(const fp_model *model, size_t output, size_t axis);
FP_API const char *fp_output_dtype(const fp_model *model, size_t output);
FP_API int fp_output_is_integer(const fp_model *model, size_t output);

FP_API fp_type fp_model_precision(const fp_model *model); /* what it computes in: FP_F32 or FP_F64 */
FP_API const char *fp_model_isa(const fp_model *model);   /* the instruction set it runs on */
FP_API uint64_t fp_model_parameter_count(const fp_model *model);

/* Classes of a classifier, in the order of its scores. A class that is a number is its shortest decimal text. */
FP_API size_t fp_class_count(const fp_model *model);
FP_API const char *fp_class_name(const fp_model *model, size_t index);
FP_API int fp_class_is_number(const fp_model *model, size_t index);

/* Names of the columns that the model was trained on, those of the first input first; often there are none. */
FP_API size_t fp_feature_count(const fp_model *model);
FP_API const char *fp_feature_name(const fp_model *model, size_t index);

#ifdef __cplusplus
}
#endif

#endif
