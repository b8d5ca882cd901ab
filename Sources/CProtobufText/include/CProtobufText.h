#ifndef MODELCONV_CPROTOBUFTEXT_H
#define MODELCONV_CPROTOBUFTEXT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

/// Splits protobuf text into tokens with libprotobuf's tokenizer, set as its text parser sets it.
typedef struct mc_tokenizer mc_tokenizer;

typedef enum {
  MC_TOKEN_END,
  MC_TOKEN_IDENTIFIER,
  MC_TOKEN_INTEGER,
  MC_TOKEN_FLOAT,
  MC_TOKEN_STRING,
  MC_TOKEN_SYMBOL
} mc_token_kind;

typedef struct {
  mc_token_kind kind;
  /// One-based; the column counts bytes.
  int line, column;
  /// Valid until the next call.
  const char *_Nullable text;
  size_t length;
} mc_token;

/// `bytes` must stay valid until mc_tokenizer_free. Null when memory is short or length exceeds INT_MAX.
mc_tokenizer *_Nullable mc_tokenizer_new(const void *_Nonnull bytes, size_t length);
void mc_tokenizer_free(mc_tokenizer *_Nullable tokenizer);
/// Moves to the next token; past the end it stays MC_TOKEN_END. False when memory is short.
bool mc_tokenizer_next(mc_tokenizer *_Nonnull tokenizer, mc_token *_Nonnull token);
/// Takes the oldest error the tokenizer found so far; false when there is none.
/// `message` is valid until the next call.
bool mc_tokenizer_take_error(
    mc_tokenizer *_Nonnull tokenizer, int *_Nonnull line, int *_Nonnull column,
    const char *_Nullable *_Nonnull message);

/// The value of an integer token (decimal, 0x hexadecimal, 0 octal); false when it is above `max` or has a bad digit.
bool mc_parse_integer(const char *_Nonnull text, size_t length, uint64_t max, uint64_t *_Nonnull value);
/// The value of a float or decimal integer token.
bool mc_parse_float(const char *_Nonnull text, size_t length, double *_Nonnull value);
/// The content of a string token, quotes included: at most `length` bytes are written to `out`. Returns their number,
/// or -1 when memory is short.
ptrdiff_t mc_parse_string(const char *_Nonnull text, size_t length, char *_Nonnull out);

#ifdef __cplusplus
}
#endif
#endif
