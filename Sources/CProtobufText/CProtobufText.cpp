#include "CProtobufText.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/stubs/logging.h>

#include <climits>
#include <cstring>
#include <deque>
#include <memory>
#include <string>

namespace io = google::protobuf::io;

namespace {

struct Found {
  int line, column;
  std::string message;
};

/// Keeps errors until they are asked for. A hostile text can have one at every byte, so their number is bounded.
struct Errors final : io::ErrorCollector {
  std::deque<Found> found;
  void AddError(int line, int column, const std::string &message) override {
    if (found.size() < 1000) found.push_back({line, column, message});
  }
};

/// Turns the tokenizer's positions (zero-based, tabs widened to eight) into byte columns. Positions come in order.
struct Columns {
  const char *at, *end;
  int line = 0, widened = 0, bytes = 0;

  int column(int wantedLine, int wantedColumn) {
    while (line < wantedLine && at < end) {
      auto newline = static_cast<const char *>(std::memchr(at, '\n', static_cast<size_t>(end - at)));
      at = newline ? newline + 1 : end;
      ++line;
      widened = bytes = 0;
    }
    if (line != wantedLine) return wantedColumn;
    while (widened < wantedColumn && at < end && *at != '\n') {
      widened += *at == '\t' ? 8 - widened % 8 : 1;
      ++bytes;
      ++at;
    }
    return widened == wantedColumn ? bytes : wantedColumn;
  }
};

}  // namespace

struct mc_tokenizer {
  io::ArrayInputStream input;
  Errors errors;
  Found taken{0, 0, {}};
  Columns tokenColumns, errorColumns;
  std::string text;
  io::Tokenizer tokenizer;

  mc_tokenizer(const char *bytes, int length)
      : input(bytes, length),
        tokenColumns{bytes, bytes + length},
        errorColumns{bytes, bytes + length},
        tokenizer(&input, &errors) {
    tokenizer.set_allow_f_after_float(true);
    tokenizer.set_comment_style(io::Tokenizer::SH_COMMENT_STYLE);
  }
};

mc_tokenizer *mc_tokenizer_new(const void *bytes, size_t length) try {
  if (length > INT_MAX) return nullptr;
  return new mc_tokenizer(static_cast<const char *>(bytes), static_cast<int>(length));
} catch (...) {
  return nullptr;
}

void mc_tokenizer_free(mc_tokenizer *tokenizer) try { delete tokenizer; } catch (...) {
}

bool mc_tokenizer_next(mc_tokenizer *t, mc_token *token) try {
  t->tokenizer.Next();
  const auto &current = t->tokenizer.current();
  switch (current.type) {
    case io::Tokenizer::TYPE_IDENTIFIER: token->kind = MC_TOKEN_IDENTIFIER; break;
    case io::Tokenizer::TYPE_INTEGER: token->kind = MC_TOKEN_INTEGER; break;
    case io::Tokenizer::TYPE_FLOAT: token->kind = MC_TOKEN_FLOAT; break;
    case io::Tokenizer::TYPE_STRING: token->kind = MC_TOKEN_STRING; break;
    case io::Tokenizer::TYPE_SYMBOL: token->kind = MC_TOKEN_SYMBOL; break;
    default: token->kind = MC_TOKEN_END; break;
  }
  token->line = current.line + 1;
  token->column = t->tokenColumns.column(current.line, current.column) + 1;
  token->text = current.text.data();
  token->length = current.text.size();
  return true;
} catch (...) {
  return false;
}

bool mc_tokenizer_take_error(mc_tokenizer *t, int *line, int *column, const char **message) try {
  if (t->errors.found.empty()) return false;
  t->taken = std::move(t->errors.found.front());
  t->errors.found.pop_front();
  *line = t->taken.line + 1;
  *column = t->errorColumns.column(t->taken.line, t->taken.column) + 1;
  *message = t->taken.message.c_str();
  return true;
} catch (...) {
  return false;
}

bool mc_parse_integer(const char *text, size_t length, uint64_t max, uint64_t *value) try {
  google::protobuf::LogSilencer quiet;
  return io::Tokenizer::ParseInteger(std::string(text, length), max, value);
} catch (...) {
  return false;
}

bool mc_parse_float(const char *text, size_t length, double *value) try {
  google::protobuf::LogSilencer quiet;
  *value = io::Tokenizer::ParseFloat(std::string(text, length));
  return true;
} catch (...) {
  return false;
}

ptrdiff_t mc_parse_string(const char *text, size_t length, char *out) try {
  google::protobuf::LogSilencer quiet;
  std::string parsed;
  io::Tokenizer::ParseStringAppend(std::string(text, length), &parsed);
  // An escape is never shorter than the bytes it stands for, so this holds always.
  if (parsed.size() > length) return -1;
  std::memcpy(out, parsed.data(), parsed.size());
  return static_cast<ptrdiff_t>(parsed.size());
} catch (...) {
  return -1;
}
